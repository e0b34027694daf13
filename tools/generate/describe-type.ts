import type { SchemaNode } from './crd-schema.ts';
import { code } from './markdown.ts';

/** The type of a field and its limits, for people: `string, 1 to 63 characters`. */
export function describeType(node: SchemaNode): string {
  const known = node.pattern === undefined ? undefined : knownPatterns[node.pattern];
  if (known !== undefined) return known;
  const pattern = node.pattern === undefined ? '' : `, matches ${code(node.pattern)}`;
  return `${baseType(node)}${limitsOf(node)}${pattern}`;
}

const bytes = 'quantity of bytes';

/** Patterns that stand for something that has a name. */
const knownPatterns: Readonly<Record<string, string>> = {
  '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$': 'name of an object',
  '^[-._a-zA-Z0-9]+$': 'key of a Secret or ConfigMap',
  '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$': 'duration',
  '^[0-9]+(\\.[0-9]+)?m?$': 'quantity',
  '^[0-9]+(\\.[0-9]+)?([KMGTPE]i|[kMGTPE])?$': bytes,
};

function baseType(node: SchemaNode): string {
  if (node['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  if (node.format === 'date-time') return 'time (RFC 3339)';
  if (node.type === 'array') return listType(node);
  if (node.additionalProperties !== undefined) return `map of ${describeType(node.additionalProperties)}`;
  if (node['x-kubernetes-preserve-unknown-fields'] === true) return 'object with fields of its own';
  return node.type ?? 'any';
}

function listType(node: SchemaNode): string {
  const keys = node['x-kubernetes-list-map-keys'];
  const keyed = keys === undefined ? '' : `, one for each ${keys.map(code).join(' and ')}`;
  return `list of ${baseType(node.items ?? {})}s${keyed}`;
}

function limitsOf(node: SchemaNode): string {
  const parts = [
    range(node.minimum, node.maximum, ''),
    range(node.minLength, node.maxLength, ' characters'),
    range(node.minItems, node.maxItems, ' entries'),
    range(undefined, node.maxProperties, ' fields'),
  ].filter((part) => part !== '');
  return parts.map((part) => `, ${part}`).join('');
}

function range(low: number | undefined, high: number | undefined, unit: string): string {
  if (high === undefined) return low === undefined ? '' : `at least ${low}${unit}`;
  if (high === 1 && unit !== '') return `at most one${unit.replace(/s$/, '').replace(/ie$/, 'y')}`;
  return low === undefined || low === 0 ? `at most ${high}${unit}` : `${low} to ${high}${unit}`;
}
