import { msPerDay } from '../calendar.ts';
import { takes } from '../operator.ts';
import type { Operator } from '../operator.ts';

/** 12 bytes are 16 characters of base64, without padding. */
const length = 16;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const sextets = Int8Array.from({ length: 128 }, (_, code) => alphabet.indexOf(String.fromCharCode(code)));
const julianDayOf1970 = 2_440_588;

export const int96TimeToMs = {
  names: ['int96_time_to_ms'],
  family: 'time',
  yields: 'number',
  signature: takes(['string', 'source']),
  summary: 'Epoch milliseconds of a Parquet INT96 in base64 (nanoseconds of the day, then the Julian day).',
  compile(call) {
    const source = call.source(0);
    return (record, evaluation) => {
      const text = source(record, evaluation);
      return typeof text === 'string' && text.length === length ? instantOf(text) : undefined;
    };
  },
} satisfies Operator;

function instantOf(text: string): number | undefined {
  const bytes = bytesOf(text);
  if (bytes === undefined) return undefined;
  const nanoseconds = wordAt(bytes, 0) + wordAt(bytes, 4) * 2 ** 32;
  if (!Number.isSafeInteger(nanoseconds)) return undefined;
  return (wordAt(bytes, 8) - julianDayOf1970) * msPerDay + Math.floor(nanoseconds / 1e6);
}

/** Three bytes of four characters. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(12);
  for (let at = 0, byte = 0; at < length; at += 4, byte += 3) {
    let triple = 0;
    for (let step = 0; step < 4; step++) {
      const sextet = sextets[text.charCodeAt(at + step)] ?? -1;
      if (sextet < 0) return undefined;
      triple = (triple << 6) | sextet;
    }
    bytes[byte] = triple >> 16;
    bytes[byte + 1] = triple >> 8;
    bytes[byte + 2] = triple;
  }
  return bytes;
}

/** Four bytes, the lowest first, as a number from 0. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
