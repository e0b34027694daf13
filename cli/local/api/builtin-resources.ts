import { readFileSync } from 'node:fs';

import { eventBehaviour, leaseBehaviour } from './kinds/coordination.ts';
import { configMapBehaviour, namespaceBehaviour, secretBehaviour } from './kinds/configuration.ts';
import { jobBehaviour } from './kinds/job.ts';
import { podBehaviour } from './kinds/pod.ts';
import {
  plainBehaviour,
  type KindBehaviour,
  type PrinterColumn,
  type ResourceDefinition,
} from './resource-definition.ts';
import type { Schema } from './structural-schema.ts';

type Published = Readonly<Record<string, PublishedSchema>>;

/** As in the file: a schema, or a reference to one by name. */
interface PublishedSchema extends Schema {
  readonly $ref?: string;
}

interface BuiltIn {
  readonly schema: string;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly namespaced?: boolean;
  readonly hasStatus?: boolean;
  /** Before the age. */
  readonly columns?: readonly PrinterColumn[];
  readonly behaviour?: KindBehaviour;
}

const text = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'string', jsonPath });

const builtIns: readonly BuiltIn[] = [
  {
    schema: 'api.core.v1.Namespace',
    group: '',
    kind: 'Namespace',
    plural: 'namespaces',
    shortNames: ['ns'],
    namespaced: false,
    hasStatus: true,
    columns: [text('Status', '.status.phase')],
    behaviour: namespaceBehaviour,
  },
  { schema: 'api.core.v1.Secret', group: '', kind: 'Secret', plural: 'secrets', behaviour: secretBehaviour },
  {
    schema: 'api.core.v1.ConfigMap',
    group: '',
    kind: 'ConfigMap',
    plural: 'configmaps',
    shortNames: ['cm'],
    behaviour: configMapBehaviour,
  },
  {
    schema: 'api.core.v1.ServiceAccount',
    group: '',
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
  },
  {
    schema: 'api.core.v1.Pod',
    group: '',
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    hasStatus: true,
    columns: [text('Status', '.status.phase')],
    behaviour: podBehaviour,
  },
  {
    schema: 'api.batch.v1.Job',
    group: 'batch',
    kind: 'Job',
    plural: 'jobs',
    hasStatus: true,
    columns: [
      text('Completions', '.spec.completions'),
      text('Active', '.status.active'),
      text('Succeeded', '.status.succeeded'),
      text('Failed', '.status.failed'),
    ],
    behaviour: jobBehaviour,
  },
  {
    schema: 'api.coordination.v1.Lease',
    group: 'coordination.k8s.io',
    kind: 'Lease',
    plural: 'leases',
    behaviour: leaseBehaviour,
  },
  {
    schema: 'api.events.v1.Event',
    group: 'events.k8s.io',
    kind: 'Event',
    plural: 'events',
    shortNames: ['ev'],
    columns: [
      text('Type', '.type'),
      text('Reason', '.reason'),
      text('Kind', '.regarding.kind'),
      text('Object', '.regarding.name'),
      text('Note', '.note'),
    ],
    behaviour: eventBehaviour,
  },
];

/** Strings that the documents do not tell from others, though the server reads them more strictly. */
const strictFormats: Readonly<Record<string, string>> = {
  'apimachinery.pkg.apis.meta.v1.MicroTime': 'micro-time',
};

/** The kinds of Kubernetes itself that local mode serves. */
export function builtInResources(): readonly ResourceDefinition[] {
  const published = readPublished();
  const resolved = new Map<string, Schema>();
  return builtIns.map((builtIn) => ({
    group: builtIn.group,
    version: 'v1',
    kind: builtIn.kind,
    plural: builtIn.plural,
    singular: builtIn.kind.toLowerCase(),
    shortNames: builtIn.shortNames ?? [],
    categories: [],
    columns: [
      ...(builtIn.columns ?? []),
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    namespaced: builtIn.namespaced ?? true,
    hasStatus: builtIn.hasStatus ?? false,
    schema: resolve(builtIn.schema, published, resolved),
    behaviour: builtIn.behaviour ?? plainBehaviour,
    rules: undefined,
  }));
}

/** The schema of `metadata`, which every kind has. */
export function metadataSchema(): Schema {
  return resolve('apimachinery.pkg.apis.meta.v1.ObjectMeta', readPublished(), new Map());
}

function readPublished(): Published {
  return JSON.parse(readFileSync(new URL('builtin-schemas.json', import.meta.url), 'utf8')) as Published;
}

/** No schema of these kinds refers to itself, so references end. */
function resolve(name: string, published: Published, resolved: Map<string, Schema>): Schema {
  const known = resolved.get(name);
  if (known) return known;
  const schema = expand({ ...published[name] }, published, resolved);
  const format = strictFormats[name];
  const strict = format === undefined ? schema : { ...schema, format };
  resolved.set(name, strict);
  return strict;
}

function expand(schema: PublishedSchema, published: Published, resolved: Map<string, Schema>): Schema {
  if (schema.$ref !== undefined) return resolve(schema.$ref, published, resolved);
  // Only quantities have alternatives, a string or a number; what they hold is for others to judge.
  const { oneOf: _, ...plain } = schema;
  const { properties, items, additionalProperties } = plain;
  const below = (part: Schema) => expand(part, published, resolved);
  return {
    ...plain,
    ...(properties
      ? {
          properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, below(part)])),
        }
      : {}),
    ...(items ? { items: below(items) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: below(additionalProperties) }
      : {}),
  };
}
