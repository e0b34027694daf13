import type { JsonObject, JsonValue } from '../../../../lib/json.ts';
import { setField } from '../set-field.ts';
import type { RowState } from '../values/row-state.ts';
import { decodePrimitive } from './decode-primitive.ts';

/** Levels of a variant's objects and arrays. */
const maxDepth = 100;

/** The names of fields, which a variant's metadata holds once for all of its objects. */
export function readNames(metadata: Buffer): readonly string[] {
  const header = metadata.readUInt8(0);
  if ((header & 0x0f) !== 1) throw new RangeError('a variant of another version');
  const size = (header >> 6) + 1;
  const count = metadata.readUIntLE(1, size);
  const offsets = 1 + size;
  const start = offsets + (count + 1) * size;
  if (start > metadata.length) throw new RangeError('names beyond the end');
  const names: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = start + metadata.readUIntLE(offsets + index * size, size);
    const to = start + metadata.readUIntLE(offsets + (index + 1) * size, size);
    if (to < from || to > metadata.length) throw new RangeError('a name beyond the end');
    names.push(metadata.toString('utf8', from, to));
  }
  return names;
}

/** A value in its binary form. Throws a `RangeError` where it is damaged. */
export function decodeVariant(bytes: Buffer, names: readonly string[], row: RowState): JsonValue {
  return new VariantDecoder(bytes, names, row).decode(0, 0);
}

/** Values may lie in the same bytes, so that few bytes make many values: the row's size bounds them. */
class VariantDecoder {
  readonly #bytes: Buffer;
  readonly #names: readonly string[];
  readonly #row: RowState;

  constructor(bytes: Buffer, names: readonly string[], row: RowState) {
    this.#bytes = bytes;
    this.#names = names;
    this.#row = row;
  }

  decode(at: number, depth: number): JsonValue {
    if (depth > maxDepth) throw new RangeError('nested too deep');
    if (this.#row.full) return null;
    this.#row.add(4);
    const header = this.#bytes.readUInt8(at);
    const detail = header >> 2;
    switch (header & 3) {
      case 0:
        return this.#counted(decodePrimitive(this.#bytes, at + 1, detail));
      case 1:
        return this.#counted(this.#text(at + 1, detail));
      case 2:
        return this.#object(at + 1, detail, depth);
      default:
        return this.#array(at + 1, detail, depth);
    }
  }

  #counted(value: JsonValue): JsonValue {
    if (typeof value === 'string') this.#row.add(value.length);
    return value;
  }

  #text(from: number, length: number): string {
    if (from + length > this.#bytes.length) throw new RangeError('a text beyond the end');
    return this.#bytes.toString('utf8', from, from + length);
  }

  #object(at: number, detail: number, depth: number): JsonObject {
    const offsetSize = (detail & 3) + 1;
    const idSize = ((detail >> 2) & 3) + 1;
    const countSize = (detail & 16) === 0 ? 1 : 4;
    const count = this.#count(at, countSize, offsetSize + idSize);
    const ids = at + countSize;
    const offsets = ids + count * idSize;
    const values = offsets + (count + 1) * offsetSize;
    const object: JsonObject = {};
    for (let index = 0; index < count; index += 1) {
      const name = this.#names[this.#bytes.readUIntLE(ids + index * idSize, idSize)];
      if (name === undefined) throw new RangeError('a field without a name');
      const offset = this.#bytes.readUIntLE(offsets + index * offsetSize, offsetSize);
      this.#row.add(name.length);
      setField(object, name, this.decode(values + offset, depth + 1));
    }
    return object;
  }

  #array(at: number, detail: number, depth: number): JsonValue[] {
    const offsetSize = (detail & 3) + 1;
    const countSize = (detail & 4) === 0 ? 1 : 4;
    const count = this.#count(at, countSize, offsetSize);
    const offsets = at + countSize;
    const values = offsets + (count + 1) * offsetSize;
    const items: JsonValue[] = [];
    for (let index = 0; index < count && !this.#row.full; index += 1) {
      const offset = this.#bytes.readUIntLE(offsets + index * offsetSize, offsetSize);
      items.push(this.decode(values + offset, depth + 1));
    }
    return items;
  }

  #count(at: number, size: number, bytesEach: number): number {
    const count = this.#bytes.readUIntLE(at, size);
    if (count * bytesEach > this.#bytes.length) throw new RangeError('more parts than bytes');
    return count;
  }
}
