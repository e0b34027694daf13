import { isDeepStrictEqual } from 'node:util';

import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import {
  append,
  decodeFields,
  difference,
  encodeFields,
  formatPath,
  without,
  withNamedFields,
  type FieldPath,
  type FieldSet,
} from './field-paths.ts';
import { compareObjects, fieldSetOf, removeFields, type Comparison } from './field-sets.ts';
import { mergeApplied } from './merge-values.ts';
import { applyConflict, type StatusCause } from './status-error.ts';
import type { Schema } from './structural-schema.ts';

/** Who writes: one owner is a manager's name, the way it writes, and the subresource through which it does. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface WriteContext {
  readonly schema: Schema;
  readonly writer: Writer;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  /** Top-level fields that this write cannot touch, e.g. `status` of a write to the main resource. */
  readonly ignored: readonly string[];
}

interface Owner extends Writer {
  readonly time: string;
  readonly fields: FieldSet;
}

/** Fields that belong to the server or identify the object, and so to no manager. */
const unowned: FieldSet = new Set([
  'f:apiVersion',
  'f:kind',
  'f:metadata',
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => append('f:metadata', `f:${name}`)),
]);

/**
 * Writes into `after` who owns which of its fields, given what stood before: the writer gains what it changed, and
 * everyone loses what somebody else changed or removed.
 */
export function trackUpdate(
  before: JsonObject | undefined,
  after: JsonObject,
  context: WriteContext,
): JsonObject {
  const owners = ownersOf(before);
  const comparison = comparisonOf(
    withoutManagedFields(before ?? emptyLike(after)),
    withoutManagedFields(after),
    context,
  );
  const changed = comparison.modified.union(comparison.added);
  const mine = owners.find((owner) => isWriter(owner, context.writer));
  const others = owners
    .filter((owner) => owner !== mine)
    .map((owner) => ({
      ...owner,
      fields: owner.fields.difference(changed).difference(comparison.removed),
    }));
  const fields = (mine?.fields ?? new Set<FieldPath>()).difference(comparison.removed).union(changed);
  const own = { ...context.writer, time: context.now, fields: ownable(fields, context) };
  const isSame = mine !== undefined && sameFields(mine.fields, own.fields);
  return withOwners(after, [...others, isSame ? mine : own]);
}

/**
 * Server-side apply: the live object as the applied one wants it, owners included.
 * Throws a conflict when another manager owns a field with another value, unless `force`.
 */
export function applyObject(
  live: JsonObject,
  applied: JsonObject,
  context: WriteContext & { readonly force: boolean },
): JsonObject {
  const owners = ownersOf(live);
  const mine = owners.find((owner) => isWriter(owner, context.writer));
  const others = owners.filter((owner) => owner !== mine);
  const fields = ownable(fieldSetOf(applied, context.schema), context);
  const plain = withoutManagedFields(live);
  const merged = mergeApplied(plain, applied, context.schema);
  const owned = others.reduce<FieldSet>((all, owner) => all.union(owner.fields), fields);
  const pruned = pruneAbandoned(merged, { last: mine?.fields ?? new Set(), owned, schema: context.schema });
  const comparison = comparisonOf(plain, pruned, context);
  if (!context.force) refuseConflicts(others, comparison);
  const changed = comparison.modified.union(comparison.added);
  const left = others.map((owner) => ({
    ...owner,
    fields: owner.fields.difference(changed).difference(comparison.removed),
  }));
  const isSame = mine !== undefined && sameFields(mine.fields, fields) && isDeepStrictEqual(plain, pruned);
  const own = isSame ? mine : { ...context.writer, time: context.now, fields };
  return withOwners(pruned, [...left, own]);
}

interface Abandoned {
  /** What this manager applied the last time. */
  readonly last: FieldSet;
  /** What anyone owns now, this manager's new fields included. */
  readonly owned: FieldSet;
  readonly schema: Schema;
}

/** Takes away what the manager applied last time, does not apply now, and nobody else owns. */
function pruneAbandoned(merged: JsonObject, { last, owned, schema }: Abandoned): JsonObject {
  if (last.size === 0) return merged;
  const named = (set: FieldSet) => withNamedFields(set, schema);
  const all = named(fieldSetOf(merged, schema));
  const bare = named(fieldSetOf(removeFields(merged, named(last), schema), schema));
  const candidates = all.difference(bare.union(named(owned)));
  const kept = named(fieldSetOf(removeFields(merged, candidates, schema), schema));
  return removeFields(merged, all.difference(kept).intersection(named(last)), schema);
}

function refuseConflicts(others: readonly Owner[], { modified, added }: Comparison): void {
  const changed = modified.union(added);
  const conflicts = others
    .map((owner) => ({ owner: nameOf(owner), paths: [...owner.fields.intersection(changed)].toSorted() }))
    .filter(({ paths }) => paths.length > 0)
    .toSorted((a, b) => (a.owner < b.owner ? -1 : 1));
  const causes = conflicts.flatMap(({ owner, paths }) =>
    paths.map((path): StatusCause => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${owner}`,
      field: formatPath(path),
    })),
  );
  const [first] = causes;
  if (first === undefined) return;
  if (causes.length === 1) {
    throw applyConflict(`Apply failed with 1 conflict: ${first.message}: ${first.field}`, causes);
  }
  const lines = conflicts.flatMap(({ owner, paths }) => [
    `conflicts with ${owner}:`,
    ...paths.map((path) => `- ${formatPath(path)}`),
  ]);
  throw applyConflict(`Apply failed with ${String(causes.length)} conflicts: ${lines.join('\n')}`, causes);
}

function nameOf(owner: Owner): string {
  const through = owner.subresource === '' ? '' : ` with subresource "${owner.subresource}"`;
  const by = owner.operation === 'Update' ? ` using ${owner.apiVersion}` : '';
  return `"${owner.manager}"${through}${by}`;
}

function comparisonOf(before: JsonObject, after: JsonObject, context: WriteContext): Comparison {
  const comparison = compareObjects(before, after, context.schema);
  const roots = context.ignored.map((name) => `f:${name}`);
  return {
    added: without(comparison.added, roots),
    modified: without(comparison.modified, roots),
    removed: without(comparison.removed, roots),
  };
}

function ownable(fields: FieldSet, context: WriteContext): FieldSet {
  return difference(
    without(
      fields,
      context.ignored.map((name) => `f:${name}`),
    ),
    unowned,
  );
}

function isWriter(owner: Owner, writer: Writer): boolean {
  return (
    owner.manager === writer.manager &&
    owner.operation === writer.operation &&
    owner.apiVersion === writer.apiVersion &&
    owner.subresource === writer.subresource
  );
}

function sameFields(a: FieldSet, b: FieldSet): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}

function emptyLike(object: JsonObject): JsonObject {
  return { apiVersion: object['apiVersion'] ?? '', kind: object['kind'] ?? '', metadata: {} };
}

/** The object as managers see it: without the record of who manages it. */
export function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = object['metadata'];
  if (!isJsonObject(metadata) || !('managedFields' in metadata)) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function ownersOf(object: JsonObject | undefined): Owner[] {
  const metadata = object?.['metadata'];
  const entries = isJsonObject(metadata) ? metadata['managedFields'] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.filter(isJsonObject).map((entry) => ({
    manager: text(entry['manager']),
    operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
    apiVersion: text(entry['apiVersion']),
    subresource: text(entry['subresource']),
    time: text(entry['time']),
    fields: isJsonObject(entry['fieldsV1']) ? decodeFields(entry['fieldsV1']) : new Set<FieldPath>(),
  }));
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function withOwners(object: JsonObject, owners: readonly Owner[]): JsonObject {
  const metadata = object['metadata'];
  const entries = owners
    .filter((owner) => owner.fields.size > 0)
    .toSorted((a, b) => compareText(sortKey(a), sortKey(b)))
    .map(entryOf);
  return { ...object, metadata: { ...(isJsonObject(metadata) ? metadata : {}), managedFields: entries } };
}

function sortKey(owner: Owner): string {
  return [owner.operation, owner.time, owner.manager, owner.apiVersion, owner.subresource].join('\0');
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function entryOf(owner: Owner): JsonObject {
  return {
    manager: owner.manager,
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    time: owner.time,
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(owner.fields),
    ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
  };
}
