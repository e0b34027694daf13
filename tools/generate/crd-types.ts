import type { Definition, SchemaNode } from './crd-schema.ts';
import { isAlwaysSet } from './crd-schema.ts';

/**
 * The TypeScript types of a kind, as the API server hands its objects out: fields that have a default are always
 * there. Each object of the schema becomes an interface named after its path: `spec.files.csv` of an S3ImportSource
 * is `S3ImportSourceFilesCsv`, `status.files` is `S3ImportSourceStatusFiles`.
 */
export function renderTypes(definition: Definition): string {
  const { kind, schema } = definition;
  const interfaces: string[] = [];
  const context: Context = { kind, interfaces };
  const spec = schema.properties?.['spec'];
  const status = schema.properties?.['status'];
  if (spec === undefined || status === undefined) throw new Error(`${kind}: spec or status is missing`);
  addInterface(spec, `${kind}Spec`, [], context);
  addInterface(status, `${kind}Status`, ['status'], context);
  return [
    `// Generated from crds/${definition.plural}.yaml by \`make generate\`. Do not edit.`,
    '',
    `import type { Condition } from '../conditions.ts';`,
    `import type { ObjectMeta } from '../object-meta.ts';`,
    '',
    ...docComment(schema.description),
    `export interface ${kind} {`,
    `readonly apiVersion: '${definition.group}/${definition.version}';`,
    `readonly kind: '${kind}';`,
    'readonly metadata: ObjectMeta;',
    `readonly spec: ${kind}Spec;`,
    `readonly status: ${kind}Status;`,
    '}',
    '',
    ...interfaces,
  ].join('\n');
}

interface Context {
  readonly kind: string;
  readonly interfaces: string[];
}

function addInterface(node: SchemaNode, name: string, path: readonly string[], context: Context): void {
  // Its place is taken before its fields are looked at, so that parents stand above their children.
  const at = context.interfaces.push('') - 1;
  const fields = Object.entries(node.properties ?? {}).flatMap(([field, child]) => [
    ...docComment(child.description),
    `readonly ${propertyName(field)}${isAlwaysSet(node, field) ? '' : '?'}: ${typeOf(child, [...path, field], context)};`,
  ]);
  context.interfaces[at] = [
    ...docComment(node.description),
    `export interface ${name} {`,
    ...fields,
    '}',
    '',
  ].join('\n');
}

function typeOf(node: SchemaNode, path: readonly string[], context: Context): string {
  if (node['x-kubernetes-int-or-string'] === true) return 'number | string';
  if (node.enum !== undefined) return node.enum.map((value) => `'${value}'`).join(' | ');
  switch (node.type) {
    case 'string':
    case 'boolean':
      return node.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return arrayType(node, path, context);
    case 'object':
      return objectType(node, path, context);
    default:
      throw new Error(`${context.kind} ${path.join('.')}: no TypeScript type for ${String(node.type)}`);
  }
}

function arrayType(node: SchemaNode, path: readonly string[], context: Context): string {
  const items = node.items;
  if (items === undefined) throw new Error(`${context.kind} ${path.join('.')}: a list without items`);
  if (path.join('.') === 'status.conditions') return 'readonly Condition[]';
  const type = typeOf(items, [...path.slice(0, -1), singular(path.at(-1) ?? '')], context);
  return type.includes(' ') ? `readonly (${type})[]` : `readonly ${type}[]`;
}

function objectType(node: SchemaNode, path: readonly string[], context: Context): string {
  if (node['x-kubernetes-preserve-unknown-fields'] === true) return 'Readonly<Record<string, unknown>>';
  if (node.additionalProperties !== undefined) {
    return `Readonly<Record<string, ${typeOf(node.additionalProperties, path, context)}>>`;
  }
  if (node.properties === undefined) return 'Readonly<Record<string, never>>';
  const name = context.kind + path.map(pascalCase).join('');
  addInterface(node, name, path, context);
  return name;
}

function docComment(text = ''): readonly string[] {
  const [first, ...more] = wrap(text, 104);
  if (first === undefined) return [];
  if (more.length === 0) return [`/** ${first} */`];
  return ['/**', ...[first, ...more].map((line) => ` * ${line}`), ' */'];
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function propertyName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
}

function pascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function singular(name: string): string {
  return name.endsWith('s') ? name.slice(0, -1) : name;
}
