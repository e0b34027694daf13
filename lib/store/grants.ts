import type { Transaction } from './database.ts';
import { quoteIdentifier } from './quoting.ts';

/**
 * What the role of the operator and of the workers may do, and nothing else: no DDL (partitions are made and dropped by
 * functions of the owner), and nothing that takes a file out of the ledger.
 */
const rights = {
  migrations: ['SELECT'],
  owner: ['SELECT', 'INSERT', 'UPDATE'],
  leader: ['SELECT', 'UPDATE'],
  sources: ['SELECT', 'INSERT', 'UPDATE'],
  conversions: ['SELECT', 'INSERT'],
  listings: ['SELECT', 'INSERT', 'UPDATE'],
  files: ['SELECT', 'INSERT', 'UPDATE'],
  source_counters: ['SELECT', 'INSERT', 'UPDATE'],
  runs: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  rejects: ['SELECT', 'INSERT', 'DELETE'],
  events: ['SELECT', 'INSERT', 'DELETE'],
  event_keys: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  user_properties: ['SELECT', 'INSERT', 'UPDATE'],
  group_properties: ['SELECT', 'INSERT', 'UPDATE'],
  property_changes: ['SELECT', 'INSERT', 'DELETE'],
  staged_events: ['SELECT', 'INSERT', 'DELETE'],
  staged_changes: ['SELECT', 'INSERT', 'DELETE'],
  connection_seats: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  rates: ['SELECT', 'INSERT', 'UPDATE'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Grants `role` what it lacks; writes nothing when it lacks nothing. To be run as the owner of the schema. */
export async function grantTo(tx: Transaction, schema: string, role: string): Promise<void> {
  const wanted = Object.entries(rights).flatMap(([table, words]) => words.map((right) => ({ table, right })));
  const [lacking] = await tx.query<{ tables: number }>(
    `SELECT count(*)::int AS tables FROM unnest($2::text[], $3::text[]) AS wanted (name, word)
     WHERE NOT has_table_privilege($1, name, word)`,
    [role, wanted.map(({ table }) => `${schema}.${table}`), wanted.map(({ right }) => right)],
  );
  if (lacking?.tables === 0) return;
  const to = quoteIdentifier(role);
  const tables = Object.entries(rights).map(
    ([table, words]) => `GRANT ${words.join(', ')} ON ${schema}.${table} TO ${to};`,
  );
  // Ids are removed partition by partition, since a row's address is of its partition.
  const keys = Array.from(
    { length: 16 },
    (_, part) => `${schema}.event_keys_${String(part).padStart(2, '0')}`,
  );
  await tx.query(`
    GRANT USAGE ON SCHEMA ${schema} TO ${to};
    ${tables.join('\n')}
    GRANT SELECT, UPDATE, DELETE ON ${keys.join(', ')} TO ${to};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${to};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${to}`);
}
