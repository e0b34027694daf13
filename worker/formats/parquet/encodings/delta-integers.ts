import { corrupt } from '../errors.ts';
import type { Whole } from '../values/leaf-type.ts';

/** Values of a block in a page; the usual are 128. Bounds what a block's header makes the reader keep. */
const maxMiniblocks = 4096;

/**
 * Whole numbers as differences to the one before, in blocks of miniblocks, each packed with bits of its own width.
 * Sums wrap around at the type's width, as its writers let them.
 */
export class DeltaIntegers {
  /** How many values there are. */
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #bits: 32 | 64;
  readonly #miniblocks: number;
  readonly #perMiniblock: number;
  #at: number;
  #given = 0;
  #value: Whole;
  #minDelta: Whole = 0;
  /** Where the widths of the block's miniblocks stand, and which of them is open. */
  #widthsAt = 0;
  #miniblock: number;
  #width = 0;
  /** Bit within the open miniblock, and values left of it. */
  #bit = 0;
  #left = 0;

  constructor(bytes: Buffer, from: number, bits: 32 | 64) {
    this.#bytes = bytes;
    this.#at = from;
    this.#bits = bits;
    const blockSize = this.#varint();
    this.#miniblocks = this.#varint();
    this.count = this.#varint();
    this.#perMiniblock = blockSize / this.#miniblocks;
    const sound = this.#miniblocks > 0 && this.#miniblocks <= maxMiniblocks && this.#perMiniblock % 8 === 0;
    if (!sound || this.#perMiniblock === 0 || blockSize > 2 ** 31) {
      throw corrupt('a page of differences has blocks of no possible size');
    }
    this.#value = this.#zigzag();
    this.#miniblock = this.#miniblocks;
  }

  next(): Whole {
    if (this.#given >= this.count) throw ended();
    this.#given += 1;
    if (this.#given === 1) return this.#value;
    if (this.#left === 0) this.#openMiniblock();
    this.#left -= 1;
    this.#value = this.#add(this.#value, this.#unpack());
    return this.#value;
  }

  /** Where the encoded values end; all of them must have been taken. */
  end(): number {
    if (this.#left === 0) return this.#at;
    return this.#at + Math.ceil((this.#perMiniblock * this.#width) / 8);
  }

  #openMiniblock(): void {
    if (this.#miniblock === this.#miniblocks) {
      this.#minDelta = this.#zigzag();
      this.#widthsAt = this.#at;
      this.#at += this.#miniblocks;
      this.#miniblock = 0;
    }
    const width = this.#bytes[this.#widthsAt + this.#miniblock];
    if (width === undefined || width > 64) throw corrupt('a page of differences has a miniblock of no width');
    this.#miniblock += 1;
    this.#width = width;
    this.#left = this.#perMiniblock;
    this.#bit = 0;
  }

  /** The next packed difference. With the last of a miniblock, the place moves behind it. */
  #unpack(): Whole {
    const width = this.#width;
    if (this.#at + Math.ceil((this.#bit + width) / 8) > this.#bytes.length) throw ended();
    const value = width <= 48 ? this.#packedNumber(width) : this.#packedBigint(width);
    this.#bit += width;
    if (this.#left === 0) this.#at += (this.#perMiniblock * width) / 8;
    return value;
  }

  #packedNumber(width: number): number {
    let value = 0;
    let have = 0;
    let bit = this.#bit;
    while (have < width) {
      const take = Math.min(8 - (bit & 7), width - have);
      const byte = this.#bytes[this.#at + (bit >> 3)] as number;
      value += ((byte >> (bit & 7)) & ((1 << take) - 1)) * 2 ** have;
      have += take;
      bit += take;
    }
    return value;
  }

  #packedBigint(width: number): bigint {
    let value = 0n;
    const first = this.#at + (this.#bit >> 3);
    const last = this.#at + ((this.#bit + width - 1) >> 3);
    for (let at = last; at >= first; at -= 1) value = (value << 8n) | BigInt(this.#bytes[at] as number);
    return BigInt.asUintN(width, value >> BigInt(this.#bit & 7));
  }

  #add(value: Whole, delta: Whole): Whole {
    const sum = addExactly(addExactly(value, this.#minDelta), delta);
    if (this.#bits === 64) return sum;
    return typeof sum === 'number' ? sum | 0 : Number(BigInt.asIntN(32, sum));
  }

  #zigzag(): Whole {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        const signed = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
        return narrow(signed);
      }
    }
    throw corrupt('a page of differences holds a number without an end');
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw corrupt('a page of differences holds a number without an end');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw ended();
    this.#at += 1;
    return byte;
  }
}

function addExactly(a: Whole, b: Whole): Whole {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return narrow(BigInt.asIntN(64, BigInt(a) + BigInt(b)));
}

/** As a number wherever that is exact. */
function narrow(value: bigint): Whole {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function ended(): Error {
  return corrupt('a page of differences ends before its last value');
}
