import type { JsonValue } from '../../../../lib/json.ts';
import { corrupt } from '../errors.ts';
import type { LeafType, ValueDecoder } from '../values/leaf-type.ts';
import { HybridReader } from './hybrid.ts';
import { ended, plainDecoder } from './plain.ts';

/**
 * The distinct values of a column in a row group; pages hold indexes into it. A value is made when it is first asked
 * for, and kept if it cannot be changed by whoever gets it.
 */
export class Dictionary {
  readonly #type: LeafType;
  readonly #bytes: Buffer;
  readonly #count: number;
  /** Where each value begins; undefined where all are of one size. */
  readonly #starts: Uint32Array | undefined;
  readonly #size: number;
  readonly #made: JsonValue[] = [];

  constructor(type: LeafType, bytes: Buffer, count: number) {
    this.#type = type;
    this.#bytes = bytes;
    this.#count = count;
    this.#size = sizeOf(type) ?? 0;
    this.#starts = sizeOf(type) === undefined ? findStarts(bytes, count) : undefined;
    if (this.#size * count > bytes.length) throw ended();
  }

  at(index: number): JsonValue {
    const known = this.#made[index];
    if (known !== undefined) return known;
    if (index >= this.#count) {
      throw corrupt(`a page names the value ${index} of a dictionary of ${this.#count}`);
    }
    const start = this.#starts === undefined ? this.#size * index : (this.#starts[index] as number);
    const value = plainDecoder(this.#type, this.#bytes, start).next();
    if (typeof value !== 'object') this.#made[index] = value;
    return value;
  }
}

function sizeOf(type: LeafType): number | undefined {
  if (type.kind === 'bytes') return type.size;
  if (type.kind === 'boolean') throw corrupt('a column of booleans has a dictionary');
  return type.bits / 8;
}

function findStarts(bytes: Buffer, count: number): Uint32Array {
  // Each has a length of four bytes before it.
  if (count * 4 > bytes.length) throw ended();
  const starts = new Uint32Array(count);
  for (let index = 0, at = 0; index < count; index += 1) {
    if (at + 4 > bytes.length) throw ended();
    starts[index] = at;
    at += 4 + bytes.readUInt32LE(at);
  }
  return starts;
}

export function dictionaryDecoder(dictionary: Dictionary, bytes: Buffer, from: number): ValueDecoder {
  // A page of nulls alone may hold nothing, not even the width.
  const indexes = new HybridReader(bytes, Math.min(from + 1, bytes.length), bytes.length, bytes[from] ?? 0);
  return { next: () => dictionary.at(indexes.next()) };
}
