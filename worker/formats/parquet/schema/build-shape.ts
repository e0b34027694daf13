import { buildVariant } from './build-variant.ts';
import { leafOf, partOf } from './leaf-shape.ts';
import type { SchemaNode } from './schema-tree.ts';
import type { ListShape, MapShape, Shape, StructShape } from './shape.ts';

/** The shape of a file's records. */
export function buildRecordShape(root: SchemaNode): StructShape {
  return structOf(root);
}

/** A field as it stands in its group: repeated ones that no LIST surrounds are lists of their own. */
export function buildShape(node: SchemaNode): Shape {
  if (node.element.repetition !== 'repeated') return buildSingle(node);
  return listOf(node, node.def - 1, node);
}

/** A field as one value, its own repetition being taken care of. */
function buildSingle(node: SchemaNode): Shape {
  const { element, children } = node;
  if (element.physical !== undefined) return leafOf(node);
  const [inner] = children;
  switch (element.logical?.kind) {
    case 'list':
      if (children.length === 1 && isRepeated(inner)) return listOf(node, node.def, inner);
      return structOf(node);
    case 'map':
      if (children.length === 1 && isRepeated(inner) && isEntry(inner)) return mapOf(node, inner);
      return structOf(node);
    case 'variant':
      return buildVariant(node) ?? structOf(node);
    default:
      return structOf(node);
  }
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

function mapOf(node: SchemaNode, entry: SchemaNode): MapShape {
  const [key, value] = entry.children;
  return {
    kind: 'map',
    ...partOf(node),
    rep: entry.rep,
    itemDef: entry.def,
    key: buildShape(key as SchemaNode),
    value: value === undefined ? undefined : buildShape(value),
  };
}

function isRepeated(node: SchemaNode | undefined): node is SchemaNode {
  return node?.element.repetition === 'repeated';
}

/** A key that is one value, and at most one field beside it. */
function isEntry({ children }: SchemaNode): boolean {
  const [key] = children;
  return key?.element.physical !== undefined && key.element.repetition !== 'repeated' && children.length <= 2;
}
