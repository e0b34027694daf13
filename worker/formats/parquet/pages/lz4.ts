import { corrupt } from '../errors.ts';
import { copyFrom, copyWithin, type Output } from './output.ts';

/** One block of LZ4, as the codec LZ4_RAW has it: runs of literals, each followed by a copy but the last. */
export function decodeLz4Block(bytes: Buffer, length: number): Buffer {
  const out = tryBlock(bytes, length);
  if (out === undefined) throw corrupt('a page of LZ4 does not decompress');
  return out;
}

/**
 * The codec LZ4, which never was defined: Hadoop frames its blocks by their two lengths, the highest byte first, and
 * others write a bare block. Readers try the one and then the other.
 */
export function decodeLz4(bytes: Buffer, length: number): Buffer {
  return tryHadoop(bytes, length) ?? decodeLz4Block(bytes, length);
}

function tryHadoop(bytes: Buffer, length: number): Buffer | undefined {
  const parts: Buffer[] = [];
  let decoded = 0;
  let at = 0;
  while (at + 8 <= bytes.length) {
    const decodedBytes = bytes.readUInt32BE(at);
    const encodedBytes = bytes.readUInt32BE(at + 4);
    at += 8;
    decoded += decodedBytes;
    if (at + encodedBytes > bytes.length || decoded > length) return undefined;
    const part = tryBlock(bytes.subarray(at, at + encodedBytes), decodedBytes);
    if (part === undefined) return undefined;
    parts.push(part);
    at += encodedBytes;
  }
  if (at !== bytes.length || decoded !== length) return undefined;
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function tryBlock(bytes: Buffer, length: number): Buffer | undefined {
  const out: Output = { bytes: Buffer.allocUnsafe(length), at: 0 };
  let at = 0;
  while (at < bytes.length) {
    const token = bytes[at] as number;
    const literals = readLength(bytes, at + 1, token >> 4);
    if (literals === undefined) return undefined;
    if (!copyFrom(bytes, literals.at, literals.length, out)) return undefined;
    at = literals.at + literals.length;
    if (at === bytes.length) break;
    const next = takeCopy(bytes, at, token & 0x0f, out);
    if (next === undefined) return undefined;
    at = next;
  }
  return out.at === length ? out.bytes : undefined;
}

/** Copies are of four bytes at least. */
const shortestCopy = 4;

function takeCopy(bytes: Buffer, at: number, half: number, out: Output): number | undefined {
  if (at + 2 > bytes.length) return undefined;
  const copy = readLength(bytes, at + 2, half);
  if (copy === undefined) return undefined;
  return copyWithin(out, bytes.readUInt16LE(at), copy.length + shortestCopy) ? copy.at : undefined;
}

/** A length begins in four bits; with all of them set, bytes follow that are added, up to one that is not 255. */
function readLength(
  bytes: Buffer,
  from: number,
  half: number,
): { readonly length: number; readonly at: number } | undefined {
  if (half < 15) return { length: half, at: from };
  let length = half;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    length += byte;
    if (byte < 255) return { length, at: at + 1 };
  }
  return undefined;
}
