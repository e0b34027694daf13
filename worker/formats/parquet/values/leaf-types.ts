import { isUtf8 } from 'node:buffer';
import { parseJsonValue } from '../../json-record.ts';
import { corrupt } from '../errors.ts';
import type { LogicalType, SchemaElement } from '../schema/elements.ts';
import type { SchemaNode } from '../schema/schema-tree.ts';
import { formatDate, formatTime, timestampFormatter } from './dates.ts';
import type { LeafType, Whole } from './leaf-type.ts';
import {
  bigEndian,
  decimalToJson,
  floatToJson,
  formatUuid,
  readFloat16,
  unsigned,
  wholeToJson,
} from './numbers.ts';
import type { RowState } from './row-state.ts';

type BytesToJson = Extract<LeafType, { kind: 'bytes' }>['toJson'];
type WholeToJson = Extract<LeafType, { kind: 'int' }>['toJson'];

export interface LeafContext {
  /** Told of values that cannot be taken in. */
  readonly row: RowState;
  readonly maxValueBytes: number;
  readonly maxDepth: number;
  /** Bytes of no declared meaning are text. */
  readonly binaryAsText: boolean;
}

/** How the values of a column become JSON. */
export function leafTypeOf(node: SchemaNode, ctx: LeafContext): LeafType {
  const { element } = node;
  switch (element.physical) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'INT32':
      return { kind: 'int', bits: 32, toJson: wholeConverter(element, 32) };
    case 'INT64':
      return { kind: 'int', bits: 64, toJson: wholeConverter(element, 64) };
    case 'FLOAT':
      return { kind: 'float', bits: 32, toJson: floatToJson };
    case 'DOUBLE':
      return { kind: 'float', bits: 64, toJson: floatToJson };
    case 'INT96':
      return { kind: 'bytes', size: 12, toJson: base64 };
    case 'BYTE_ARRAY':
      return { kind: 'bytes', size: undefined, toJson: limited(node, bytesConverter(node, ctx), ctx) };
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'bytes', size: element.size, toJson: limited(node, bytesConverter(node, ctx), ctx) };
    case undefined:
      throw new Error('unreachable: a group is no column');
  }
}

/** What it means of whole numbers that they are times, or parts of numbers. Other meanings leave them as they are. */
function wholeConverter(element: SchemaElement, bits: 32 | 64): WholeToJson {
  const { logical } = element;
  switch (logical?.kind) {
    case 'integer':
      return logical.signed ? wholeToJson : (value) => wholeToJson(unsigned(value, bits));
    case 'decimal':
      requireScale(element, logical.scale);
      return (value) => decimalToJson(BigInt(value), logical.scale);
    case 'date':
      return (value) => formatDate(Number(value));
    case 'time':
      return timeConverter(logical.unit);
    case 'timestamp':
      return timestampFormatter(logical.unit, logical.utc);
    default:
      return wholeToJson;
  }
}

function timeConverter(unit: Extract<LogicalType, { kind: 'time' }>['unit']): WholeToJson {
  return (value: Whole) => formatTime(value, unit);
}

function bytesConverter(node: SchemaNode, ctx: LeafContext): BytesToJson {
  const { element } = node;
  const { logical } = element;
  switch (logical?.kind) {
    case 'string':
    case 'enum':
      return textConverter(node, ctx);
    case 'json':
      return jsonConverter(node, ctx);
    case 'decimal':
      requireScale(element, logical.scale);
      return (bytes, from, to) => decimalToJson(bigEndian(bytes, from, to), logical.scale);
    case 'uuid':
      requireSize(element, 16);
      return (bytes, from) => formatUuid(bytes.toString('hex', from, from + 16));
    case 'float16':
      requireSize(element, 2);
      return (bytes, from) => floatToJson(readFloat16(bytes, from));
    case 'interval':
      requireSize(element, 12);
      return interval;
    case undefined:
      return unmarkedConverter(node, ctx);
    default:
      return base64;
  }
}

/** Old writers leave text without a mark. */
function unmarkedConverter(node: SchemaNode, ctx: LeafContext): BytesToJson {
  return ctx.binaryAsText && node.element.physical === 'BYTE_ARRAY' ? textConverter(node, ctx) : base64;
}

const base64: BytesToJson = (bytes, from, to) => bytes.toString('base64', from, to);

/** A value that alone is longer than a record may be is not made. */
function limited(
  { path }: SchemaNode,
  toJson: BytesToJson,
  { row, maxValueBytes }: LeafContext,
): BytesToJson {
  return (bytes, from, to) => {
    if (to - from <= maxValueBytes) return toJson(bytes, from, to);
    row.add(to - from);
    return row.report(path, `The value is longer than ${maxValueBytes} bytes, which a row may not be.`);
  };
}

function textConverter({ path }: SchemaNode, { row }: LeafContext): BytesToJson {
  return (bytes, from, to) => {
    const text = bytes.toString('utf8', from, to);
    // What is no UTF-8 becomes this character, which also may stand there by itself.
    if (!text.includes('\ufffd') || isUtf8(bytes.subarray(from, to))) return text;
    return row.report(path, 'The value is declared as text, and is not UTF-8. Correct what writes it.');
  };
}

function jsonConverter(node: SchemaNode, ctx: LeafContext): BytesToJson {
  const toText = textConverter(node, ctx);
  return (bytes, from, to) => {
    const text = toText(bytes, from, to);
    if (typeof text !== 'string') return text;
    const parsed = parseJsonValue(text, ctx.maxDepth);
    if (parsed.kind === 'value') {
      ctx.row.add(text.length);
      return parsed.value;
    }
    return ctx.row.report(node.path, parsed.reason);
  };
}

function requireSize({ name, size, physical }: SchemaElement, expected: number): void {
  if (physical === 'FIXED_LEN_BYTE_ARRAY' && size === expected) return;
  throw corrupt(
    `its schema gives ${JSON.stringify(name)} a type whose values have ${expected} bytes, and another size`,
  );
}

const interval: BytesToJson = (bytes, from) => ({
  months: bytes.readUInt32LE(from),
  days: bytes.readUInt32LE(from + 4),
  milliseconds: bytes.readUInt32LE(from + 8),
});

/** Bytes as text of a character each, for what decodes them itself. */
export const rawLeafType: LeafType = {
  kind: 'bytes',
  size: undefined,
  toJson: (bytes, from, to) => bytes.toString('latin1', from, to),
};

/** Digits behind the point; the largest decimals of databases have 16,383. */
const maxScale = 16_383;

function requireScale({ name }: SchemaElement, scale: number): void {
  if (scale >= 0 && scale <= maxScale) return;
  throw corrupt(`its schema gives ${JSON.stringify(name)} decimals of the scale ${scale}`);
}
