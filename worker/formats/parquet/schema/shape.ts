/**
 * What a record is made of, with the levels at which its parts are there.
 *
 * Each entry of a column carries two levels. The definition level says how much of the column's path is there: below
 * a part's `def` the part is null, below a list's `itemDef` the list is empty. The repetition level says which list the
 * entry goes on; 0 begins a row.
 */
export type Shape = LeafShape | StructShape | ListShape | MapShape | VariantShape;

export interface Part {
  /** The definition level from which on this part is there. */
  readonly def: number;
  /** The columns under it: from `first` to before `last`. */
  readonly first: number;
  readonly last: number;
  /** The repetition level of the innermost list around it: entries of a higher one go on within it. */
  readonly outer: number;
}

export interface LeafShape extends Part {
  readonly kind: 'leaf';
}

export interface StructShape extends Part {
  readonly kind: 'struct';
  readonly fields: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly shape: Shape;
}

export interface Repeated extends Part {
  /** The repetition level of its second item and those after it. */
  readonly rep: number;
  readonly itemDef: number;
}

export interface ListShape extends Repeated {
  readonly kind: 'list';
  readonly element: Shape;
}

export interface MapShape extends Repeated {
  readonly kind: 'map';
  readonly key: Shape;
  readonly value: Shape;
}

/** A value of any type in its own binary form, whole or with parts of it in columns of their own. */
export interface VariantShape extends Part {
  readonly kind: 'variant';
  readonly metadata: Shape;
  readonly content: ShreddedShape;
}

/** At least one of the two is there, unless the variant is missing from an object. */
export interface ShreddedShape {
  /** What is in binary form. */
  readonly value: Shape | undefined;
  /** What is in columns. */
  readonly typed: TypedShape | undefined;
}

export type TypedShape =
  | { readonly kind: 'scalar'; readonly shape: LeafShape }
  | {
      readonly kind: 'object';
      readonly part: Part;
      readonly fields: readonly { readonly name: string; readonly content: ShreddedShape }[];
    }
  | { readonly kind: 'array'; readonly list: Repeated; readonly content: ShreddedShape };
