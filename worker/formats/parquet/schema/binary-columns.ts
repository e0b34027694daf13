import type { Shape, ShreddedShape, TypedShape } from './shape.ts';

/** The columns that hold variants in their binary form: they are not values, and are decoded further on. */
export function binaryColumns(shape: Shape): readonly number[] {
  switch (shape.kind) {
    case 'leaf':
      return [];
    case 'struct':
      return shape.fields.flatMap((field) => binaryColumns(field.shape));
    case 'list':
      return binaryColumns(shape.element);
    case 'map':
      return binaryColumns(shape.value);
    case 'variant':
      return [shape.metadata.first, ...columnsOfContent(shape.content)];
  }
}

function columnsOfContent({ value, typed }: ShreddedShape): readonly number[] {
  const own = value === undefined ? [] : [value.first];
  return typed === undefined ? own : [...own, ...columnsOfTyped(typed)];
}

function columnsOfTyped(typed: TypedShape): readonly number[] {
  switch (typed.kind) {
    case 'scalar':
      return [];
    case 'object':
      return typed.fields.flatMap(({ content }) => columnsOfContent(content));
    case 'array':
      return columnsOfContent(typed.content);
  }
}
