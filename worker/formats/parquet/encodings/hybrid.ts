import { corrupt } from '../errors.ts';

/**
 * The hybrid of runs and packed bits, in which Parquet writes levels, indexes into a dictionary, and booleans.
 * A run is a count and a value; a packed group is eight values of `width` bits each, the lowest bit first.
 */
export class HybridReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #width: number;
  #at: number;
  /** Values that are left of the run or of the packed groups. */
  #left = 0;
  /** The value of a run; undefined while in packed groups. */
  #run: number | undefined;
  /** In packed groups: the bits that are read and not yet given out, and how many they are. */
  #bits = 0;
  #bitCount = 0;

  /** `width` is from 0 to 32. */
  constructor(bytes: Buffer, from: number, to: number, width: number) {
    if (width > 32) throw corrupt(`a page holds indexes of ${width} bits`);
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.#width = width;
  }

  next(): number {
    if (this.#left === 0) this.#open();
    this.#left -= 1;
    return this.#run ?? this.#unpack();
  }

  /** Fills the whole of `target`; answers nothing, and fails where the bytes end before. */
  fill(target: Uint8Array): void {
    let at = 0;
    while (at < target.length) {
      if (this.#left === 0) this.#open();
      const count = Math.min(this.#left, target.length - at);
      if (this.#run === undefined) for (let i = at; i < at + count; i += 1) target[i] = this.#unpack();
      else target.fill(this.#run, at, at + count);
      this.#left -= count;
      at += count;
    }
  }

  #open(): void {
    // Of one value, which takes no bits, nothing is written by some.
    if (this.#width === 0 && this.#at >= this.#end) {
      this.#run = 0;
      this.#left = Number.MAX_SAFE_INTEGER;
      return;
    }
    const header = this.#varint();
    const count = Math.floor(header / 2);
    if (header % 2 === 0) {
      this.#run = this.#runValue();
      this.#left = count;
    } else {
      this.#run = this.#width === 0 ? 0 : undefined;
      this.#left = count * 8;
      this.#bits = 0;
      this.#bitCount = 0;
    }
    if (count === 0) throw corrupt('a page holds an empty run of values');
  }

  #runValue(): number {
    const size = Math.ceil(this.#width / 8);
    if (this.#at + size > this.#end) throw ended();
    const value = size === 0 ? 0 : this.#bytes.readUIntLE(this.#at, size);
    this.#at += size;
    return value;
  }

  /** Bits beyond the 32 that a number's operators work on are added as a multiple. */
  #unpack(): number {
    const width = this.#width;
    let value = this.#bits;
    let count = this.#bitCount;
    while (count < width) {
      if (this.#at >= this.#end) throw ended();
      value += (this.#bytes[this.#at] as number) * 2 ** count;
      this.#at += 1;
      count += 8;
    }
    if (width < 24) {
      this.#bits = value >>> width;
      this.#bitCount = count - width;
      return value & ((1 << width) - 1);
    }
    const unit = 2 ** width;
    this.#bits = Math.floor(value / unit);
    this.#bitCount = count - width;
    return value % unit;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || this.#at >= this.#end) throw ended();
      this.#at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw corrupt('a page holds a run of a length without end');
  }
}

function ended(): Error {
  return corrupt('a page ends before its last value');
}

/** The bits that a value up to this one takes. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** The levels of files from before the hybrid: packed bits alone, the highest bit first. */
export function fillPackedLevels(target: Uint8Array, bytes: Buffer, width: number): number {
  const size = Math.ceil((target.length * width) / 8);
  if (size > bytes.length) throw ended();
  for (let index = 0, bit = 0; index < target.length; index += 1) {
    let value = 0;
    for (let step = 0; step < width; step += 1, bit += 1) {
      value = (value << 1) | (((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1);
    }
    target[index] = value;
  }
  return size;
}
