import { corrupt } from '../errors.ts';
import { copyFrom, copyWithin, type Output } from './output.ts';

/** Snappy's block format: the length of what comes out, then literals and copies of what was written before. */
export function decodeSnappy(bytes: Buffer, length: number): Buffer {
  const out: Output = { bytes: Buffer.allocUnsafe(length), at: 0 };
  let at = skipLength(bytes, length);
  while (at < bytes.length) {
    const tag = bytes[at] as number;
    at = (tag & 3) === 0 ? takeLiteral(bytes, at, out) : takeCopy(bytes, at, out);
  }
  if (out.at !== length) throw damaged();
  return out.bytes;
}

/** The length is known already; where it stands is passed over, once it is found to be the same. */
function skipLength(bytes: Buffer, expected: number): number {
  let length = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 128 ** at;
    if (byte >= 0x80) continue;
    if (length !== expected)
      throw corrupt(`a page is ${length} bytes decompressed, and its header says ${expected}`);
    return at + 1;
  }
  throw damaged();
}

function takeLiteral(bytes: Buffer, tagAt: number, out: Output): number {
  let at = tagAt + 1;
  let length = ((bytes[tagAt] as number) >> 2) + 1;
  const lengthBytes = length - 60;
  if (lengthBytes > 0) {
    if (at + lengthBytes > bytes.length) throw damaged();
    length = bytes.readUIntLE(at, lengthBytes) + 1;
    at += lengthBytes;
  }
  if (!copyFrom(bytes, at, length, out)) throw damaged();
  return at + length;
}

/** By the two low bits of a tag; of 0 it is a literal. */
const offsetSizes = [0, 1, 2, 4];

function takeCopy(bytes: Buffer, tagAt: number, out: Output): number {
  const tag = bytes[tagAt] as number;
  const offsetBytes = offsetSizes[tag & 3] as number;
  if (tagAt + offsetBytes >= bytes.length) throw damaged();
  const low = bytes.readUIntLE(tagAt + 1, offsetBytes);
  const short = offsetBytes === 1;
  const offset = short ? ((tag >> 5) << 8) | low : low;
  const length = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
  if (!copyWithin(out, offset, length)) throw damaged();
  return tagAt + 1 + offsetBytes;
}

function damaged(): Error {
  return corrupt('a page of Snappy does not decompress');
}
