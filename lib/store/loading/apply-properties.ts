import type { JsonObject } from '../../json.ts';
import { cleanJson, cleanText } from '../clean-text.ts';
import type { Transaction } from '../database.ts';
import { undashed } from '../identifiers.ts';
import { applyPropertyOperations, type Properties } from '../properties/apply-property-operations.ts';
import { diffProperties, type PropertyChange } from '../properties/property-changes.ts';
import type { PropertyScope, PropertySubject } from './property-subjects.ts';

export interface PropertyWork {
  readonly scope: PropertyScope;
  readonly subjects: readonly PropertySubject[];
  /** The file in whose name the changes are written down, so that they can be taken back; undefined: not at all. */
  readonly journal: number | undefined;
}

export const propertyTables = { user: 'user_properties', group: 'group_properties' } as const;

/** Rows are made, then locked, both in the order of the key; so two batches with users in common never block each other. */
export async function applyProperties(
  tx: Transaction,
  schema: string,
  { scope, subjects, journal }: PropertyWork,
): Promise<void> {
  const table = `${schema}.${propertyTables[scope]}`;
  await insertMissing(tx, table, subjects);
  const current = await lockProperties(
    tx,
    table,
    subjects.map((subject) => subject.key),
  );
  const journalled: { readonly key: string; readonly changes: readonly PropertyChange[] }[] = [];
  const updated = new Map<string, Properties>();
  for (const { key, steps } of subjects) {
    const before = current.get(key) ?? new Map();
    const after = applyPropertyOperations(before, steps);
    const changes = diffProperties(before, after, steps);
    if (changes.length === 0) continue;
    updated.set(key, after);
    journalled.push({ key, changes });
  }
  await writeProperties(tx, table, updated);
  if (journal === undefined || journalled.length === 0) return;
  await tx.execute(
    `INSERT INTO ${schema}.property_changes (file_id, scope, subject_key, changes)
     SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[]::jsonb[])`,
    [
      journal,
      scope,
      journalled.map(({ key }) => key),
      journalled.map(({ changes }) => cleanJson(changes as unknown as JsonObject[])),
    ],
  );
}

async function insertMissing(
  tx: Transaction,
  table: string,
  subjects: readonly PropertySubject[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO ${table} (subject_key, project_id, subject_type, subject, updated_at)
     SELECT key, project_id, type, id, clock_timestamp()
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS t (key, project_id, type, id)
     ORDER BY key ON CONFLICT DO NOTHING`,
    [
      subjects.map((subject) => subject.key),
      subjects.map((subject) => subject.projectId),
      subjects.map((subject) => cleanText(subject.type)),
      subjects.map((subject) => cleanText(subject.id)),
    ],
  );
}

/** By key; subjects that have no row are left out. */
export async function lockProperties(
  tx: Transaction,
  table: string,
  keys: readonly string[],
): Promise<Map<string, Properties>> {
  const rows = await tx.query<{ subject_key: string; properties: JsonObject }>(
    `SELECT subject_key, properties FROM ${table} WHERE subject_key = ANY ($1::uuid[])
     ORDER BY subject_key FOR UPDATE`,
    [keys],
  );
  return new Map(rows.map((row) => [undashed(row.subject_key), new Map(Object.entries(row.properties))]));
}

export async function writeProperties(
  tx: Transaction,
  table: string,
  properties: ReadonlyMap<string, Properties>,
): Promise<void> {
  if (properties.size === 0) return;
  await tx.execute(
    `UPDATE ${table} AS t SET properties = n.properties::jsonb, updated_at = clock_timestamp()
     FROM unnest($1::uuid[], $2::text[]) AS n (key, properties) WHERE t.subject_key = n.key`,
    [[...properties.keys()], [...properties.values()].map((map) => cleanJson(Object.fromEntries(map)))],
  );
}
