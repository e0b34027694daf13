import type { JsonValue } from '../../../../lib/json.ts';
import { formatDate, formatTime, timestampFormatter } from '../values/dates.ts';
import { bigEndian, decimalToJson, floatToJson, formatUuid, wholeToJson } from '../values/numbers.ts';

type Decode = (bytes: Buffer, at: number) => JsonValue;

/** By their numbers in the definition of the binary form. */
const primitives: readonly Decode[] = [
  () => null,
  () => true,
  () => false,
  (bytes, at) => bytes.readInt8(at),
  (bytes, at) => bytes.readInt16LE(at),
  (bytes, at) => bytes.readInt32LE(at),
  (bytes, at) => wholeToJson(int64(bytes, at)),
  (bytes, at) => floatToJson(bytes.readDoubleLE(at)),
  (bytes, at) => decimalToJson(BigInt(bytes.readInt32LE(at + 1)), bytes.readUInt8(at)),
  (bytes, at) => decimalToJson(bytes.readBigInt64LE(at + 1), bytes.readUInt8(at)),
  (bytes, at) => decimalToJson(int128(bytes, at + 1), bytes.readUInt8(at)),
  (bytes, at) => formatDate(bytes.readInt32LE(at)),
  (bytes, at) => timestampFormatter('microseconds', true)(int64(bytes, at)),
  (bytes, at) => timestampFormatter('microseconds', false)(int64(bytes, at)),
  (bytes, at) => floatToJson(bytes.readFloatLE(at)),
  (bytes, at) => sized(bytes, at).toString('base64'),
  (bytes, at) => sized(bytes, at).toString('utf8'),
  (bytes, at) => formatTime(int64(bytes, at), 'microseconds'),
  (bytes, at) => timestampFormatter('nanoseconds', true)(int64(bytes, at)),
  (bytes, at) => timestampFormatter('nanoseconds', false)(int64(bytes, at)),
  (bytes, at) => formatUuid(slice(bytes, at, 16).toString('hex')),
];

/** A scalar of a variant. Throws a `RangeError` where the bytes end before, or it is of no known type. */
export function decodePrimitive(bytes: Buffer, at: number, type: number): JsonValue {
  const decode = primitives[type];
  if (decode === undefined) throw new RangeError(`a scalar of the type ${type}`);
  return decode(bytes, at);
}

function int64(bytes: Buffer, at: number): number | bigint {
  const value = bytes.readBigInt64LE(at);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function int128(bytes: Buffer, at: number): bigint {
  return bigEndian(Buffer.from([...slice(bytes, at, 16)].toReversed()), 0, 16);
}

function sized(bytes: Buffer, at: number): Buffer {
  return slice(bytes, at + 4, bytes.readUInt32LE(at));
}

function slice(bytes: Buffer, at: number, length: number): Buffer {
  if (at + length > bytes.length) throw new RangeError('a value beyond the end');
  return bytes.subarray(at, at + length);
}
