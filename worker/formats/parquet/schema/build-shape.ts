import { buildVariant } from './build-variant.ts';
import { leafOf, partOf } from './leaf-shape.ts';
import type { SchemaNode } from './schema-tree.ts';
import type { ListShape, MapShape, Shape, StructShape } from './shape.ts';

/** The shape of a file's records. */
export function buildRecordShape(root: SchemaNode): StructShape {
  return structOf(root);
}

/** A field as it stands in its group: repeated ones that no LIST surrounds are lists of their own. */
function buildShape(node: SchemaNode): Shape {
  if (node.element.repetition !== 'repeated') return buildSingle(node);
  return listOf(node, node.def - 1, node);
}

/** A field as one value, its own repetition being taken care of. */
function buildSingle(node: SchemaNode): Shape {
  const { element } = node;
  if (element.physical !== undefined) return leafOf(node);
  const repeated = onlyRepeated(node);
  switch (element.logical?.kind) {
    case 'list':
      return repeated === undefined ? structOf(node) : listOf(node, node.def, repeated);
    case 'map':
      return repeated !== undefined && isEntry(repeated) ? mapOf(node, repeated) : structOf(node);
    case 'variant':
      return buildVariant(node) ?? structOf(node);
    default:
      return structOf(node);
  }
}

/** The one child that a list or a map has; undefined: it is none. */
function onlyRepeated({ children }: SchemaNode): SchemaNode | undefined {
  const [only, ...others] = children;
  return others.length === 0 && isRepeated(only) ? only : undefined;
}

function structOf(node: SchemaNode): StructShape {
  const fields = node.children.map((child) => ({ name: child.element.name, shape: buildShape(child) }));
  return { kind: 'struct', ...partOf(node), fields };
}

function listOf({ first, last }: SchemaNode, def: number, repeated: SchemaNode): ListShape {
  const { rep, def: itemDef } = repeated;
  return { kind: 'list', def, first, last, outer: rep - 1, rep, itemDef, element: elementOf(repeated) };
}

/**
 * What a list is made of. Today's lists have a repeated group around their one field, the element; older ones have
 * not, and are told by the rules of the format's definition ("backward-compatibility rules").
 */
function elementOf(repeated: SchemaNode): Shape {
  const { element, children } = repeated;
  const [only] = children;
  const wrapped =
    element.physical === undefined &&
    element.logical === undefined &&
    children.length === 1 &&
    only !== undefined &&
    only.element.repetition !== 'repeated' &&
    element.name !== 'array' &&
    !element.name.endsWith('_tuple');
  return wrapped ? buildShape(only) : buildSingle(repeated);
}

/** A map without values is the list of its keys. */
function mapOf(node: SchemaNode, entry: SchemaNode): MapShape | ListShape {
  const [first, second] = entry.children;
  const place = { ...partOf(node), rep: entry.rep, itemDef: entry.def };
  const key = buildShape(first as SchemaNode);
  return second === undefined
    ? { kind: 'list', ...place, element: key }
    : { kind: 'map', ...place, key, value: buildShape(second) };
}

function isRepeated(node: SchemaNode | undefined): node is SchemaNode {
  return node?.element.repetition === 'repeated';
}

/** A key that is one value, and at most one field beside it. */
function isEntry({ children }: SchemaNode): boolean {
  const [key] = children;
  return key?.element.physical !== undefined && key.element.repetition !== 'repeated' && children.length <= 2;
}
