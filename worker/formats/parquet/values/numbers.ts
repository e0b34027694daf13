import type { JsonValue } from '../../../../lib/json.ts';
import type { Whole } from './leaf-type.ts';

/**
 * A whole number, or the text of its digits where a JSON number would lose some: the same rule as for JSON files, so
 * that ids of 64 bits stay what they are.
 */
export function wholeToJson(value: Whole): JsonValue {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  return String(value);
}

/** JSON has no numbers for these: their usual names stand for them. */
export function floatToJson(value: number): JsonValue {
  return Number.isFinite(value) ? value : String(value);
}

export function unsigned(value: Whole, bits: number): Whole {
  if (value >= 0) return value;
  const wrapped = BigInt.asUintN(bits, BigInt(value));
  return bits <= 32 ? Number(wrapped) : wrapped;
}

/** So many significant digits every JSON number gives back as they were. */
const exactDigits = 15;

/**
 * A decimal, `unscaled` by ten to the power of `scale`: a number where that gives back every digit, or else the text
 * of its digits. Zeros at the end of the fraction say nothing, and a number does not have them.
 */
export function decimalToJson(unscaled: bigint, scale: number): JsonValue {
  const text = decimalText(unscaled, scale);
  const significant = text.replace('-', '').replace('.', '').replace(/^0+/, '');
  return significant.length <= exactDigits ? Number(text) : text;
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled);
  if (scale <= 0) return sign + (unscaled === 0n ? '0' : digits + '0'.repeat(-scale));
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** Two's complement, the highest byte first. */
export function bigEndian(bytes: Buffer, from: number, to: number): bigint {
  const length = to - from;
  if (length === 0) return 0n;
  if (length <= 6) return BigInt(bytes.readIntBE(from, length));
  return BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex', from, to)}`));
}

/** IEEE 754 of 16 bits. */
export function readFloat16(bytes: Buffer, at: number): number {
  const bits = bytes.readUInt16LE(at);
  const sign = bits >> 15 === 1 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function formatUuid(hex: string): string {
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return parts.join('-');
}
