import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import type { ColumnReader } from './column-reader.ts';
import { corrupt } from './errors.ts';
import type { LeafShape, ListShape, MapShape, Part, Shape, StructShape } from './schema/shape.ts';
import type { RowState } from './values/row-state.ts';
import { setField } from './set-field.ts';
import { assembleVariant } from './variant/assemble-variant.ts';

/**
 * Puts records together from the entries of columns (Dremel's way): each part of a shape takes the entries that are
 * its own from the columns under it, in order. All columns must have the row ready.
 */
export class RecordAssembler {
  readonly row: RowState;
  readonly #shape: StructShape;
  readonly #columns: readonly ColumnReader[];

  constructor(shape: StructShape, columns: readonly ColumnReader[], row: RowState) {
    this.#shape = shape;
    this.#columns = columns;
    this.row = row;
  }

  /** The next row. What is wrong with it stands in `row`. */
  next(): JsonObject {
    this.row.begin();
    const record = this.#readStruct(this.#shape);
    for (const column of this.#columns) column.endRow();
    return record;
  }

  /** The value of a part at this place; null where the part is not there. */
  read(shape: Shape): JsonValue {
    if (shape.kind === 'leaf') return this.readLeaf(shape);
    if (this.row.full || this.isMissing(shape)) {
      this.skip(shape);
      return null;
    }
    switch (shape.kind) {
      case 'struct':
        return this.#readStruct(shape);
      case 'list':
        return this.#readList(shape);
      case 'map':
        return this.#readMap(shape);
      case 'variant':
        return assembleVariant(shape, this);
    }
  }

  readLeaf({ first, def }: LeafShape): JsonValue {
    const column = this.#columns[first] as ColumnReader;
    if (column.def >= def && !this.row.full) return column.take();
    column.skip();
    return null;
  }

  /** A part is missing where the first of its columns says so. */
  isMissing({ first, def }: { readonly first: number; readonly def: number }): boolean {
    return (this.#columns[first] as ColumnReader).def < def;
  }

  /** Whether the list has another item behind the one that was read. All of its columns must agree. */
  goesOn({
    first,
    last,
    rep,
  }: {
    readonly first: number;
    readonly last: number;
    readonly rep: number;
  }): boolean {
    const goesOn = (this.#columns[first] as ColumnReader).rep === rep;
    for (let index = first + 1; index < last; index += 1) {
      if (((this.#columns[index] as ColumnReader).rep === rep) !== goesOn) {
        throw corrupt('the columns of a list have different numbers of items');
      }
    }
    return goesOn;
  }

  /** Takes all entries of a part, and makes nothing of them. Of one that is missing, each column has one. */
  skip({ first, last, outer }: Part): void {
    for (let index = first; index < last; index += 1) {
      const column = this.#columns[index] as ColumnReader;
      do column.skip();
      while (column.rep > outer);
    }
  }

  #readStruct({ fields }: StructShape): JsonObject {
    const object: JsonObject = {};
    for (const { name, shape } of fields) {
      setField(object, name, this.read(shape));
      this.row.add(name.length + besideName);
    }
    return object;
  }

  #readList(shape: ListShape): JsonValue[] {
    if (this.#isEmpty(shape)) return [];
    const items: JsonValue[] = [];
    do {
      const item = this.read(shape.element);
      if (!this.row.full) items.push(item);
      this.row.add(1);
    } while (this.goesOn(shape));
    return items;
  }

  /** Of a key that comes twice, the last value counts, as in a JSON object. */
  #readMap(shape: MapShape): JsonObject {
    const object: JsonObject = {};
    if (this.#isEmpty(shape)) return object;
    do {
      const key = nameOf(this.read(shape.key));
      const value = this.read(shape.value);
      if (!this.row.full) setField(object, key, value);
      this.row.add(besideName);
    } while (this.goesOn(shape));
    return object;
  }

  #isEmpty(shape: ListShape | MapShape): boolean {
    if ((this.#columns[shape.first] as ColumnReader).def >= shape.itemDef) return false;
    this.skip(shape);
    return true;
  }
}

/** Quotes, a colon, a comma. */
const besideName = 4;

function nameOf(key: JsonValue): string {
  return typeof key === 'string' ? key : JSON.stringify(key);
}
