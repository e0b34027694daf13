import type { BatchContext } from './commit-batch.ts';

/** The hour of the stamp has no partition yet. Not for callers: the work is done again when there is one. */
export class PartitionMissing extends Error {
  override readonly name = 'PartitionMissing';
}

/** The batch came too late for the tokens that were reserved for it; nothing of it was written. Reserve again. */
export class ReservationLate extends Error {
  override readonly name = 'ReservationLate';
}

/** The time of arrival of all that this transaction brings in. */
export async function takeStamp({
  tx,
  schema,
  stampsBefore,
  validUntil,
}: Pick<BatchContext, 'tx' | 'schema' | 'stampsBefore' | 'validUntil'>): Promise<string> {
  const [taken] = await tx.query<{ stamp: string; ms: number; late: boolean }>(
    `SELECT stamp::text, extract(epoch FROM stamp)::float8 * 1000 AS ms,
            coalesce(stamp > $1::timestamptz, false) AS late
     FROM ${schema}.take_stamp() AS stamp`,
    [validUntil ?? null],
  );
  if (taken === undefined || taken.ms >= stampsBefore) throw new PartitionMissing();
  if (taken.late) throw new ReservationLate();
  return taken.stamp;
}
