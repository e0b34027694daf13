import type { JsonValue } from '../../../../lib/json.ts';
import { corrupt } from '../errors.ts';
import type { LeafType, ValueDecoder, Whole } from '../values/leaf-type.ts';

/** Values one behind the other, as the type has them. */
export function plainDecoder(type: LeafType, bytes: Buffer, from: number): ValueDecoder {
  switch (type.kind) {
    case 'boolean':
      return new PlainBooleans(bytes, from);
    case 'int':
      return fixed(bytes, from, type.bits / 8, intReader(type, bytes));
    case 'float':
      return fixed(bytes, from, type.bits / 8, floatReader(type, bytes));
    case 'bytes':
      return type.size === undefined
        ? new PlainBytes(type.toJson, bytes, from)
        : fixed(bytes, from, type.size, fixedReader(type.size, type.toJson, bytes));
  }
}

/** One value of a fixed size that lies at a place within the bytes. */
export type ReadAt = (at: number) => JsonValue;

export function intReader(type: Extract<LeafType, { kind: 'int' }>, bytes: Buffer): ReadAt {
  const { toJson } = type;
  if (type.bits === 32) return (at) => toJson(bytes.readInt32LE(at));
  return (at) => toJson(readInt64(bytes, at));
}

export function floatReader(type: Extract<LeafType, { kind: 'float' }>, bytes: Buffer): ReadAt {
  const { toJson } = type;
  return type.bits === 32 ? (at) => toJson(bytes.readFloatLE(at)) : (at) => toJson(bytes.readDoubleLE(at));
}

export function fixedReader(
  size: number,
  toJson: Extract<LeafType, { kind: 'bytes' }>['toJson'],
  bytes: Buffer,
): ReadAt {
  return (at) => toJson(bytes, at, at + size);
}

/** Within this the high half of an integer leaves it exact as a number. */
const exactHigh = 0x1f_ffff;

function readInt64(bytes: Buffer, at: number): Whole {
  const high = bytes.readInt32LE(at + 4);
  if (high >= -exactHigh && high <= exactHigh) return high * 0x1_0000_0000 + bytes.readUInt32LE(at);
  return bytes.readBigInt64LE(at);
}

function fixed(bytes: Buffer, from: number, size: number, read: ReadAt): ValueDecoder {
  let at = from;
  return {
    next: () => {
      if (at + size > bytes.length) throw ended();
      at += size;
      return read(at - size);
    },
  };
}

class PlainBooleans implements ValueDecoder {
  readonly #bytes: Buffer;
  #bit: number;

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes;
    this.#bit = from * 8;
  }

  next(): JsonValue {
    const byte = this.#bytes[this.#bit >> 3];
    if (byte === undefined) throw ended();
    this.#bit += 1;
    return ((byte >> ((this.#bit - 1) & 7)) & 1) === 1;
  }
}

/** Each value behind its length, of four bytes. */
class PlainBytes implements ValueDecoder {
  readonly #toJson: Extract<LeafType, { kind: 'bytes' }>['toJson'];
  readonly #bytes: Buffer;
  #at: number;

  constructor(toJson: Extract<LeafType, { kind: 'bytes' }>['toJson'], bytes: Buffer, from: number) {
    this.#toJson = toJson;
    this.#bytes = bytes;
    this.#at = from;
  }

  next(): JsonValue {
    const from = this.#at + 4;
    if (from > this.#bytes.length) throw ended();
    const to = from + this.#bytes.readUInt32LE(this.#at);
    if (to > this.#bytes.length) throw ended();
    this.#at = to;
    return this.#toJson(this.#bytes, from, to);
  }
}

export function ended(): Error {
  return corrupt('a page ends before its last value');
}
