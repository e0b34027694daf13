import { conditions, conditionTypesOf } from '../../crds/conditions.ts';
import { reasons, reasonsAt, type Reason } from '../../crds/reasons.ts';
import type { Definition, SchemaNode } from './crd-schema.ts';
import { describeType } from './describe-type.ts';
import { code, table } from './markdown.ts';

/** The reference page of a kind: example, fields, status, conditions and reasons, columns; always in this order. */
export function renderReferencePage(definition: Definition, example: string): string {
  const { kind, schema } = definition;
  return [
    `<!-- Generated from crds/${definition.plural}.yaml and crds/reasons.ts by \`make generate\`. Do not edit. -->`,
    `# ${kind}`,
    schema.description ?? '',
    namesOf(definition),
    '## Example',
    ['```yaml', example.trim(), '```'].join('\n'),
    '## Spec',
    rulesOf(schema, 'An object as a whole'),
    ...sectionsOf(schema.properties?.['spec'] ?? {}, 'spec'),
    '## Status',
    ...sectionsOf(schema.properties?.['status'] ?? {}, 'status'),
    '## Conditions and reasons',
    'A condition that is not True has one of the reasons below; `Ready`, `Reconciling` and `Stalled` repeat the ' +
      'reason of the first that is not. What the letters of the classes mean is told in ' +
      '[the list of all reasons](reasons.md).',
    ...conditionSections(definition),
    '## Columns',
    `What \`kubectl get ${definition.plural}\` shows.`,
    columnTable(definition),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function namesOf(definition: Definition): string {
  const short = definition.shortNames.map(code).join(', ');
  return (
    `API version ${code(`${definition.group}/${definition.version}`)}, namespaced. ` +
    `For kubectl: ${code(definition.plural)}, ${short}; ` +
    `${code(`kubectl get ${definition.categories.join(' ')}`)} shows the objects of all kinds.`
  );
}

/** A section for each object of the schema, the outer before the inner. */
function sectionsOf(node: SchemaNode, path: string): readonly string[] {
  const children = Object.entries(node.properties ?? {});
  const rows = children.map(([name, child]) => fieldRow(node, name, child));
  const nested = children.flatMap(([name, child]) => nestedSections(child, `${path}.${name}`));
  return [
    `### ${path}`,
    path.includes('.') ? (node.description ?? '') : '',
    table(['Field', 'Type', 'Default', 'Meaning'], rows),
    rulesOf(node, `\`${path}\``),
    ...children.map(([name, child]) => (hasSection(child) ? '' : rulesOf(child, `\`${path}.${name}\``))),
    ...nested,
  ];
}

function nestedSections(node: SchemaNode, path: string): readonly string[] {
  const inner = node.items ?? node;
  // The entries of conditions are the same for every Kubernetes object; the conditions have a part of their own.
  if (!hasSection(node) || path === 'status.conditions') return [];
  return sectionsOf(inner, node.items === undefined ? path : `${path}[]`);
}

function hasSection(node: SchemaNode): boolean {
  return (node.items ?? node).properties !== undefined;
}

function fieldRow(parent: SchemaNode, name: string, node: SchemaNode): readonly string[] {
  const required = parent.required?.includes(name) === true ? ' (required)' : '';
  const example = node.example === undefined ? '' : ` Example: ${code(inline(node.example))}.`;
  const preset = node.default === undefined ? '' : code(inline(node.default));
  return [code(name) + required, describeType(node), preset, `${node.description ?? ''}${example}`];
}

function inline(value: unknown): string {
  return typeof value === 'string' && value.trim() !== '' ? value : JSON.stringify(value);
}

function rulesOf(node: SchemaNode, subject: string): string {
  const rules = node['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return '';
  const lines = rules.map(({ message, fieldPath }) => {
    const where = fieldPath === undefined ? '' : `${code(fieldPath.replace(/^\./, ''))}: `;
    return `- ${where}${message}`;
  });
  return [`${subject} is refused with`, '', ...lines].join('\n');
}

function conditionSections(definition: Definition): readonly string[] {
  const { kind } = definition;
  const types = conditionTypesOf(kind);
  return [
    table(
      ['Condition', 'True means'],
      types.map((type) => [code(type), conditions[type].meaning]),
    ),
    ...types.flatMap((type) => reasonSection(`### ${type}`, reasonsAt(type, kind))),
    ...reasonSection(
      '### Files',
      reasonsAt('File', kind),
      'Why a single file was given up, in `status.lastFailures`.',
    ),
    ...reasonSection('### Events', reasonsAt('Event', kind), 'Only told by an event.'),
    ...reasonSection('### Logs', reasonsAt('Log', kind), 'Only told in logs and metrics.'),
  ];
}

function reasonSection(title: string, names: readonly Reason[], intro = ''): readonly string[] {
  if (names.length === 0) return [];
  const rows = names.map((name) => [
    `[${name}](../runbook/${name}.md)`,
    reasons[name].class,
    reasons[name].summary,
  ]);
  return [title, intro, table(['Reason', 'Class', 'Meaning'], rows)];
}

function columnTable(definition: Definition): string {
  return table(
    ['Column', 'Shown', 'Meaning'],
    definition.columns.map(({ name, priority = 0, description }) => [
      name.toUpperCase(),
      priority === 0 ? 'always' : 'with `-o wide`',
      description,
    ]),
  );
}
