import type { JsonValue } from '../../../../lib/json.ts';
import { corrupt } from '../errors.ts';
import type { EncodedValues, LeafType, ValueDecoder } from '../values/leaf-type.ts';
import { DeltaIntegers } from './delta-integers.ts';
import { ended } from './plain.ts';

type BytesType = Extract<LeafType, { kind: 'bytes' }>;

/** All lengths first, as differences; then all bytes. */
export function deltaLengthDecoder(type: BytesType, page: EncodedValues): ValueDecoder {
  const { bytes } = page;
  const { lengths, end } = readLengths(page, page.from);
  let at = end;
  let index = 0;
  return {
    next: () => {
      const start = at;
      at += lengthAt(lengths, index);
      index += 1;
      if (at > bytes.length) throw ended();
      return type.toJson(bytes, start, at);
    },
  };
}

/** Each value begins with so many bytes of the one before it; the others follow as with `deltaLengthDecoder`. */
export function deltaBytesDecoder(type: BytesType, page: EncodedValues): ValueDecoder {
  const { bytes } = page;
  const prefixes = readLengths(page, page.from);
  const suffixes = readLengths(page, prefixes.end);
  let value: Buffer = Buffer.alloc(0);
  let length = 0;
  let at = suffixes.end;
  let index = 0;
  return {
    next: (): JsonValue => {
      const prefix = lengthAt(prefixes.lengths, index);
      const suffix = lengthAt(suffixes.lengths, index);
      if (prefix > length || at + suffix > bytes.length) throw ended();
      length = prefix + suffix;
      if (length > value.length) value = grown(value, prefix, length);
      bytes.copy(value, prefix, at, at + suffix);
      at += suffix;
      index += 1;
      return type.toJson(value, 0, length);
    },
  };
}

interface Lengths {
  readonly lengths: Int32Array;
  readonly end: number;
}

/** Lengths may take no bits at all, so the bytes do not bound their number; the page's header does. */
function readLengths({ bytes, count }: EncodedValues, from: number): Lengths {
  const deltas = new DeltaIntegers(bytes, from, 32);
  if (deltas.count > count) throw corrupt(`a page of ${count} values has the lengths of ${deltas.count}`);
  const lengths = new Int32Array(deltas.count);
  for (let index = 0; index < lengths.length; index += 1) lengths[index] = Number(deltas.next());
  return { lengths, end: deltas.end() };
}

function lengthAt(lengths: Int32Array, index: number): number {
  const length = lengths[index];
  if (length === undefined || length < 0) throw ended();
  return length;
}

function grown(value: Buffer, kept: number, length: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(length, 2 * value.length));
  value.copy(larger, 0, 0, kept);
  return larger;
}
