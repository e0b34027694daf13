import { leafOf, partOf } from './leaf-shape.ts';
import type { SchemaNode } from './schema-tree.ts';
import type { ShreddedShape, TypedShape, VariantShape } from './shape.ts';

/** A group of the logical type VARIANT; undefined where its fields are not those of one. */
export function buildVariant(node: SchemaNode): VariantShape | undefined {
  const metadata = fieldOf(node, 'metadata');
  if (metadata?.element.physical !== 'BYTE_ARRAY') return undefined;
  const content = contentOf(node);
  if (content === undefined) return undefined;
  return { kind: 'variant', ...partOf(node), metadata: leafOf(metadata), content };
}

function contentOf(group: SchemaNode): ShreddedShape | undefined {
  const value = fieldOf(group, 'value');
  const typed = fieldOf(group, 'typed_value');
  if (value !== undefined && value.element.physical !== 'BYTE_ARRAY') return undefined;
  if (value === undefined && typed === undefined) return undefined;
  return {
    value: value === undefined ? undefined : leafOf(value),
    typed: typed === undefined ? undefined : typedOf(typed),
  };
}

function typedOf(node: SchemaNode): TypedShape | undefined {
  const { element, children } = node;
  if (element.physical !== undefined) return { kind: 'scalar', shape: leafOf(node) };
  if (element.logical?.kind === 'list') {
    const repeated = children[0];
    const item = repeated?.children[0];
    const content = item === undefined ? undefined : contentOf(item);
    if (repeated === undefined || content === undefined) return undefined;
    return { kind: 'array', list: { ...partOf(node), rep: repeated.rep, itemDef: repeated.def }, content };
  }
  const fields = children.flatMap((child) => {
    const content = contentOf(child);
    return content === undefined ? [] : [{ name: child.element.name, content }];
  });
  return { kind: 'object', part: partOf(node), fields };
}

function fieldOf({ children }: SchemaNode, name: string): SchemaNode | undefined {
  return children.find(({ element }) => element.name === name);
}
