import { promisify } from 'node:util';
import { brotliDecompress, gunzip, zstdDecompress } from 'node:zlib';
import { messageOf } from '../../../../lib/errors.ts';
import { corrupt, notSupported } from '../errors.ts';
import { decodeLz4, decodeLz4Block } from './lz4.ts';
import { decodeSnappy } from './snappy.ts';

interface PageCodec {
  readonly name: string;
  /** To exactly so many bytes; anything else is a damaged file. Undefined: it is not read. */
  readonly decode: ((bytes: Buffer, length: number) => Buffer | Promise<Buffer>) | undefined;
}

/** In the order of their numbers in the format's definition. */
const pageCodecs: readonly PageCodec[] = [
  { name: 'UNCOMPRESSED', decode: (bytes) => bytes },
  { name: 'SNAPPY', decode: decodeSnappy },
  { name: 'GZIP', decode: viaZlib('GZIP', promisify(gunzip)) },
  { name: 'LZO', decode: undefined },
  { name: 'BROTLI', decode: viaZlib('BROTLI', promisify(brotliDecompress)) },
  { name: 'LZ4', decode: decodeLz4 },
  { name: 'ZSTD', decode: viaZlib('ZSTD', promisify(zstdDecompress)) },
  { name: 'LZ4_RAW', decode: decodeLz4Block },
];

/** A page's bytes as they were before they were compressed. `length` is bounded by the caller. */
export async function decompressPage(bytes: Buffer, codec: number, length: number): Promise<Buffer> {
  const { name, decode } = pageCodecs[codec] ?? { name: `number ${codec}`, decode: undefined };
  if (decode === undefined) {
    const read = pageCodecs.flatMap((one) => (one.decode === undefined ? [] : [one.name])).join(', ');
    throw notSupported(`its pages are compressed as ${name}`, `Write it with one of ${read}.`);
  }
  // Of no bytes there is nothing to decompress, and some writers do not even write an empty stream.
  const decoded = length === 0 ? bytes.subarray(0, 0) : await decode(bytes, length);
  if (decoded.length !== length) {
    throw corrupt(`a page is ${decoded.length} bytes decompressed, and its header says ${length}`);
  }
  return decoded;
}

/** What comes out is made in pieces of this size, the fewer the better; zlib takes none below 64. */
const leastChunk = 64;
const mostChunk = 1024 * 1024;

/** In the thread pool, beside what this thread does; never to more bytes than were declared. */
function viaZlib(
  name: string,
  decode: (bytes: Buffer, options: { maxOutputLength: number; chunkSize: number }) => Promise<Buffer>,
): (bytes: Buffer, length: number) => Promise<Buffer> {
  return async (bytes, length) => {
    try {
      const chunkSize = Math.min(Math.max(length, leastChunk), mostChunk);
      return await decode(bytes, { maxOutputLength: length, chunkSize });
    } catch (error) {
      throw corrupt(`a page of ${name} does not decompress (${messageOf(error)})`);
    }
  };
}
