/**
 * Writes `cli/local/api/builtin-schemas.json`, the schemas of the built-in kinds that local mode serves, from the
 * OpenAPI documents that a Kubernetes release publishes (`api/openapi-spec/v3` of k8s.io/kubernetes).
 *
 *   node tools/generate/builtin-schemas.ts DIR > cli/local/api/builtin-schemas.json
 *
 * Descriptions are left out, and so are kinds of volumes and other parts of a pod that local mode cannot give it: a
 * manifest that uses them is refused as having an unknown field.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const documents = ['api__v1', 'apis__batch__v1', 'apis__coordination.k8s.io__v1', 'apis__events.k8s.io__v1'];

const kinds = [
  'core.v1.ConfigMap',
  'core.v1.Namespace',
  'core.v1.Pod',
  'core.v1.Secret',
  'core.v1.ServiceAccount',
  'batch.v1.Job',
  'coordination.v1.Lease',
  'events.v1.Event',
];

const keptVolumes = new Set(['name', 'configMap', 'emptyDir', 'secret']);
const droppedOfPods = new Set(['ephemeralContainers', 'resourceClaims', 'resourceClaimStatuses']);

const ignoredKeywords = new Set([
  'description',
  'x-kubernetes-group-version-kind',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-unions',
]);

const prefix = '#/components/schemas/io.k8s.';
const published: Record<string, Record<string, unknown>> = {};
for (const name of documents) {
  const text = readFileSync(join(process.argv[2] ?? '.', `${name}_openapi.json`), 'utf8');
  const document = JSON.parse(text) as { components: { schemas: Record<string, Record<string, unknown>> } };
  Object.assign(published, document.components.schemas);
}

const result: Record<string, unknown> = {};
kinds.forEach((kind) => include(`api.${kind}`));
const lines = Object.entries(result).map(
  ([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`,
);
process.stdout.write(`{\n${lines.join(',\n')}\n}\n`);

function include(name: string): void {
  if (name in result) return;
  result[name] = {};
  result[name] = reduced(published[`io.k8s.${name}`] ?? {}, name);
}

function reduced(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => reduced(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const schema = value as Record<string, unknown>;
  const only =
    Array.isArray(schema['allOf']) && schema['allOf'].length === 1 ? schema['allOf'][0] : undefined;
  const reference = schema['$ref'] ?? (only as Record<string, unknown> | undefined)?.['$ref'];
  if (typeof reference === 'string') {
    const target = reference.slice(prefix.length);
    include(target);
    return { $ref: target };
  }
  const entries = Object.entries(schema).filter(
    ([key, item]) => !ignoredKeywords.has(key) && !(key === 'default' && isZero(item)),
  );
  return Object.fromEntries(
    entries.map(([key, item]) => [key, key === 'properties' ? properties(item, name) : reduced(item, name)]),
  );
}

function properties(value: unknown, name: string): unknown {
  const entries = Object.entries(value as Record<string, unknown>).filter(
    ([field]) =>
      !(name === 'api.core.v1.Volume' && !keptVolumes.has(field)) &&
      !(name.startsWith('api.core.v1.Pod') && droppedOfPods.has(field)),
  );
  return Object.fromEntries(entries.map(([field, schema]) => [field, reduced(schema, name)]));
}

/** The documents give Go's zero values as defaults, which say nothing. */
function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || JSON.stringify(value) === '{}';
}
