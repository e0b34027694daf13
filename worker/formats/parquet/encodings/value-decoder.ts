import { corrupt, notSupported } from '../errors.ts';
import type { EncodedValues, LeafType, ValueDecoder } from '../values/leaf-type.ts';
import { byteStreamSplitDecoder } from './byte-stream-split.ts';
import { deltaBytesDecoder, deltaLengthDecoder } from './delta-bytes.ts';
import { DeltaIntegers } from './delta-integers.ts';
import { dictionaryDecoder, type Dictionary } from './dictionary.ts';
import { HybridReader } from './hybrid.ts';
import { plainDecoder } from './plain.ts';

/** As the format's definition numbers them; 1 was never used, and 4 is for levels alone. */
export const encodings = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;

/** Reads the values of a page of this encoding. */
export function valueDecoder(
  type: LeafType,
  page: EncodedValues & { readonly encoding: number },
  dictionary: Dictionary | undefined,
): ValueDecoder {
  const { bytes, from, encoding } = page;
  switch (encoding) {
    case encodings.plain:
      return plainDecoder(type, bytes, from);
    case encodings.plainDictionary:
    case encodings.rleDictionary:
      if (dictionary === undefined) throw corrupt('a page names values of a dictionary that there is not');
      return dictionaryDecoder(dictionary, bytes, from);
    case encodings.byteStreamSplit:
      return byteStreamSplitDecoder(type, bytes, from);
    default:
      return typedDecoder(type, page);
  }
}

/** Encodings that some types alone have. */
function typedDecoder(type: LeafType, page: EncodedValues & { readonly encoding: number }): ValueDecoder {
  const { encoding } = page;
  if (type.kind === 'boolean' && encoding === encodings.rle) return rleBooleans(page);
  if (type.kind === 'int' && encoding === encodings.deltaBinaryPacked) {
    const deltas = new DeltaIntegers(page.bytes, page.from, type.bits);
    return { next: () => type.toJson(deltas.next()) };
  }
  if (type.kind === 'bytes' && encoding === encodings.deltaByteArray) return deltaBytesDecoder(type, page);
  if (type.kind === 'bytes' && encoding === encodings.deltaLengthByteArray)
    return deltaLengthDecoder(type, page);
  throw notSupported(
    `its values of the kind ${type.kind} are encoded as number ${encoding}, which is not defined for them`,
    'Write it with another encoding.',
  );
}

/** Behind their length, of four bytes. */
function rleBooleans({ bytes, from }: EncodedValues): ValueDecoder {
  const values = new HybridReader(bytes, Math.min(from + 4, bytes.length), bytes.length, 1);
  return { next: () => values.next() === 1 };
}
