import type { Database } from './database.ts';
import { claimFiles, freeFiles } from './claiming.ts';
import { endAttempt } from './end-attempt.ts';
import { leaseLost } from './lease.ts';
import { takeBackTimeoutMs } from './loading/take-back.ts';
import type { Claim, Claims, StoreDeps } from './types.ts';

/** A claim is valid while its token stands in the row and its deadline has not passed, whether or not anybody took over. */
export function createClaims(database: Database, deps: StoreDeps): Claims {
  const s = database.schema;
  return {
    claim: async (request) => {
      const result = await database.transaction(async (tx) => await claimFiles(tx, s, request));
      await deps.faultPoint?.('claim:committed');
      return result;
    },
    takeOver: async ({ sourceId, slot, claimant }) =>
      await freeFiles(
        database,
        s,
        { condition: 'source_id = $1 AND claimant_slot = $2 AND claimant <> $3', locked: 'awaited' },
        [sourceId, slot, claimant],
      ),
    renew: async (claims, leaseMs) => {
      const alive = await database.query<{ claim_token: string }>(
        `UPDATE ${s}.files f SET claim_deadline = clock_timestamp() + $3 * interval '1 millisecond'
         WHERE id IN (${lockedRows(s, `AND claim_deadline > clock_timestamp()`)})
         RETURNING claim_token`,
        [...claimColumns(claims), leaseMs],
      );
      const tokens = new Set(alive.map((row) => row.claim_token));
      return claims.filter((claim) => !tokens.has(claim.token));
    },
    markOpened: async (claim, validUntil) => await markOpened(database, claim, validUntil),
    release: async (claims) => {
      await database.query(
        `UPDATE ${s}.files
         SET state = 'found', attempts = attempts - CASE WHEN opened_at IS NULL THEN 0 ELSE 1 END,
             opened_at = NULL, claim_deadline = NULL
         WHERE id IN (${lockedRows(s, '')})`,
        claimColumns(claims),
      );
    },
    failFile: async (claim, failure) =>
      await database.transaction(async (tx) => await endAttempt(tx, s, claim, failure), {
        bulk: true,
        timeoutMs: takeBackTimeoutMs,
      }),
  };
}

async function markOpened(
  database: Database,
  claim: Claim,
  validUntil: string | undefined,
): Promise<'opened' | 'late'> {
  const { schema } = database;
  const opened = await database.query(
    `UPDATE ${schema}.files
     SET attempts = attempts + CASE WHEN opened_at IS NULL THEN 1 ELSE 0 END,
         opened_at = coalesce(opened_at, clock_timestamp())
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()
       AND clock_timestamp() <= coalesce($3::timestamptz, 'infinity')
     RETURNING id`,
    [claim.fileId, claim.token, validUntil ?? null],
  );
  if (opened.length > 0) return 'opened';
  const alive = await database.query(
    `SELECT 1 FROM ${schema}.files
     WHERE id = $1 AND claim_token = $2 AND state = 'claimed' AND claim_deadline > clock_timestamp()`,
    [claim.fileId, claim.token],
  );
  if (alive.length === 0) throw leaseLost(claim);
  return 'late';
}

/** Ids of the files that are still claimed with the given tokens ($1: ids, $2: tokens), locked in one order. */
function lockedRows(schema: string, condition: string): string {
  return `SELECT f.id FROM ${schema}.files f
          JOIN unnest($1::bigint[], $2::uuid[]) AS held (id, token) ON held.id = f.id AND held.token = f.claim_token
          WHERE f.state = 'claimed' ${condition}
          ORDER BY f.id FOR UPDATE OF f`;
}

function claimColumns(claims: readonly Claim[]): readonly unknown[] {
  return [claims.map((claim) => claim.fileId), claims.map((claim) => claim.token)];
}
