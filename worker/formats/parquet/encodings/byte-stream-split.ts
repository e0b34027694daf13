import { corrupt, notSupported } from '../errors.ts';
import type { LeafType, ValueDecoder } from '../values/leaf-type.ts';
import { ended, fixedReader, floatReader, intReader, type ReadAt } from './plain.ts';

/** The first byte of every value, then the second of every value, and so on: they are put together again. */
export function byteStreamSplitDecoder(type: LeafType, bytes: Buffer, from: number): ValueDecoder {
  const size = sizeOf(type);
  const length = bytes.length - from;
  if (length % size !== 0) throw corrupt('a page of split bytes holds a part of a value');
  const count = length / size;
  const value = Buffer.alloc(size);
  const read = readerOf(type, value);
  let index = 0;
  return {
    next: () => {
      if (index >= count) throw ended();
      for (let byte = 0; byte < size; byte += 1) value[byte] = bytes[from + byte * count + index] as number;
      index += 1;
      return read(0);
    },
  };
}

function sizeOf(type: LeafType): number {
  if (type.kind === 'int' || type.kind === 'float') return type.bits / 8;
  if (type.kind === 'bytes' && type.size !== undefined && type.size > 0) return type.size;
  throw notSupported(
    'it splits the bytes of values that have no fixed size, which the encoding BYTE_STREAM_SPLIT does not define',
    'Write it with another encoding.',
  );
}

function readerOf(type: LeafType, value: Buffer): ReadAt {
  switch (type.kind) {
    case 'int':
      return intReader(type, value);
    case 'float':
      return floatReader(type, value);
    case 'bytes':
      return fixedReader(value.length, type.toJson, value);
    case 'boolean':
      throw new Error('unreachable: sizeOf refuses booleans');
  }
}
