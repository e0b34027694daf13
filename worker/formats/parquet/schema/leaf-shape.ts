import type { SchemaNode } from './schema-tree.ts';
import type { LeafShape, Part } from './shape.ts';

export function leafOf(node: SchemaNode): LeafShape {
  return { kind: 'leaf', ...partOf(node) };
}

/** Of a node that stands once where it stands: of a repeated one, one item. */
export function partOf({ def, first, last, rep }: SchemaNode): Part {
  return { def, first, last, outer: rep };
}
