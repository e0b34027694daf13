import { corrupt } from './errors.ts';

/** The types of Thrift's compact protocol, as they stand in a field's header. */
export const thriftTypes = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;

/** The bytes end within a value. Only who knows whether more bytes follow can say what that means. */
export class EndOfThrift extends Error {
  override readonly name = 'EndOfThrift';
}

/** Structures within structures. Parquet's own have less than ten. */
const maxDepth = 32;

const longestVarint = 10;

/** Called for each field of a structure, with the reader at its value, which it reads whole. */
export type OnField = (id: number, type: number) => void;

/**
 * Reads Thrift's compact protocol, in which Parquet writes its footer and the headers of pages.
 * No declared length is trusted: whatever is made of the bytes is not larger than they are.
 */
export class ThriftReader {
  at: number;
  readonly #bytes: Buffer;
  #depth = 0;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(onField: OnField): void {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw corrupt('its metadata is nested without end');
    let id = 0;
    for (let header = this.#byte(); header !== thriftTypes.stop; header = this.#byte()) {
      const delta = header >> 4;
      id = delta === 0 ? this.integer() : id + delta;
      onField(id, header & 0x0f);
    }
    this.#depth -= 1;
  }

  /** Calls for each element, with the reader at it; answers how many there are. */
  list(onElement: (index: number, type: number) => void): number {
    const header = this.#byte();
    const type = header & 0x0f;
    const short = header >> 4;
    const count = short === 15 ? this.#varint() : short;
    // An element takes a byte at least.
    if (count > this.#bytes.length - this.at) throw new EndOfThrift();
    for (let index = 0; index < count; index += 1) onElement(index, type);
    return count;
  }

  /** Of 8, 16, 32 or 64 bits; one beyond 2^53 is not exact, and no safe integer. */
  integer(): number {
    const zigzag = this.#varint();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** The value of a field that is a boolean stands in its type. */
  boolean(type: number): boolean {
    return type === thriftTypes.true;
  }

  /** A number of one byte, with its sign. */
  byte(): number {
    return (this.#byte() << 24) >> 24;
  }

  /** A view, not a copy. */
  binary(): Buffer {
    const length = this.#varint();
    const from = this.at;
    this.#skipBytes(length);
    return this.#bytes.subarray(from, this.at);
  }

  text(): string {
    return this.binary().toString('utf8');
  }

  skip(type: number): void {
    switch (type) {
      case thriftTypes.true:
      case thriftTypes.false:
        return;
      case thriftTypes.byte:
        return this.#skipBytes(1);
      case thriftTypes.i16:
      case thriftTypes.i32:
      case thriftTypes.i64:
        this.#varint();
        return;
      default:
        this.#skipLarge(type);
    }
  }

  #skipLarge(type: number): void {
    switch (type) {
      case thriftTypes.double:
        return this.#skipBytes(8);
      case thriftTypes.uuid:
        return this.#skipBytes(16);
      case thriftTypes.binary:
        return this.#skipBytes(this.#varint());
      case thriftTypes.list:
      case thriftTypes.set:
        this.list((_index, element) => this.#skipElement(element));
        return;
      case thriftTypes.map:
        return this.#skipMap();
      case thriftTypes.struct:
        return this.struct((_id, field) => this.skip(field));
      default:
        throw corrupt(`its metadata holds a value of the type ${type}, which there is not`);
    }
  }

  /** A boolean within a list, unlike one in a field, takes a byte. */
  #skipElement(type: number): void {
    if (type === thriftTypes.true || type === thriftTypes.false) this.#skipBytes(1);
    else this.#deeper(() => this.skip(type));
  }

  #skipMap(): void {
    const count = this.#varint();
    if (count === 0) return;
    if (count > this.#bytes.length - this.at) throw new EndOfThrift();
    const types = this.#byte();
    for (let index = 0; index < count; index += 1) {
      this.#skipElement(types >> 4);
      this.#skipElement(types & 0x0f);
    }
  }

  #deeper(step: () => void): void {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw corrupt('its metadata is nested without end');
    step();
    this.#depth -= 1;
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new EndOfThrift();
    this.at += 1;
    return byte;
  }

  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < longestVarint; count += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw corrupt('its metadata holds a number without an end');
  }

  #skipBytes(count: number): void {
    if (count > this.#bytes.length - this.at) throw new EndOfThrift();
    this.at += count;
  }
}
