import { corrupt } from '../errors.ts';
import { thriftTypes, type ThriftReader } from '../thrift-reader.ts';

const physicalTypes = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const;
export type PhysicalType = (typeof physicalTypes)[number];

export type TimeUnit = 'milliseconds' | 'microseconds' | 'nanoseconds';

/** What values mean, beyond how they are stored. */
export type LogicalType =
  | { readonly kind: 'string' | 'enum' | 'json' | 'bson' | 'uuid' | 'float16' | 'interval' | 'null' | 'date' }
  | { readonly kind: 'list' | 'map' | 'variant' | 'geospatial' | 'unknown' }
  | { readonly kind: 'integer'; readonly bits: number; readonly signed: boolean }
  | { readonly kind: 'decimal'; readonly scale: number; readonly precision: number }
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly utc: boolean };

const repetitions = ['required', 'optional', 'repeated'] as const;
export type Repetition = (typeof repetitions)[number];

/** A line of the schema as the footer has it: the tree in the order of its nodes, each with the number of its children. */
export interface SchemaElement {
  readonly name: string;
  readonly repetition: Repetition;
  /** Undefined: a group. */
  readonly physical: PhysicalType | undefined;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  readonly size: number;
  readonly children: number;
  readonly logical: LogicalType | undefined;
}

interface RawElement {
  name: string;
  type: number | undefined;
  repetition: number;
  size: number;
  children: number;
  converted: number | undefined;
  scale: number;
  precision: number;
  logical: LogicalType | undefined;
}

export function readSchemaElement(reader: ThriftReader): SchemaElement {
  const raw: RawElement = {
    name: '',
    type: undefined,
    repetition: 0,
    size: 0,
    children: 0,
    converted: undefined,
    scale: 0,
    precision: 0,
    logical: undefined,
  };
  const fields: Readonly<Record<number, () => void>> = {
    1: () => (raw.type = reader.integer()),
    2: () => (raw.size = reader.integer()),
    3: () => (raw.repetition = reader.integer()),
    4: () => (raw.name = reader.text()),
    5: () => (raw.children = reader.integer()),
    6: () => (raw.converted = reader.integer()),
    7: () => (raw.scale = reader.integer()),
    8: () => (raw.precision = reader.integer()),
    10: () => (raw.logical = readLogicalType(reader)),
  };
  reader.struct((id, type) => (fields[id] ?? (() => reader.skip(type)))());
  return elementOf(raw);
}

function elementOf(raw: RawElement): SchemaElement {
  const { name, size, children } = raw;
  const physical = raw.type === undefined ? undefined : physicalTypes[raw.type];
  const repetition = repetitions[raw.repetition];
  if (repetition === undefined || (raw.type !== undefined && physical === undefined)) {
    throw corrupt(`its schema gives ${JSON.stringify(name)} a type that there is not`);
  }
  if (physical === 'FIXED_LEN_BYTE_ARRAY' && !(size > 0 && Number.isSafeInteger(size))) {
    throw corrupt(`its schema gives ${JSON.stringify(name)} values of ${size} bytes`);
  }
  return { name, repetition, physical, size, children, logical: raw.logical ?? convertedType(raw) };
}

/** The union `LogicalType` of the format's definition: one field is set, and says which type it is. */
function readLogicalType(reader: ThriftReader): LogicalType {
  let logical: LogicalType = { kind: 'unknown' };
  const simple: Readonly<Record<number, LogicalType['kind']>> = {
    1: 'string',
    2: 'map',
    3: 'list',
    4: 'enum',
    6: 'date',
    11: 'null',
    12: 'json',
    13: 'bson',
    14: 'uuid',
    15: 'float16',
    16: 'variant',
    17: 'geospatial',
    18: 'geospatial',
  };
  reader.struct((id, type) => {
    if (id === 5) logical = readDecimal(reader);
    else if (id === 7) logical = { kind: 'time', unit: readTime(reader).unit };
    else if (id === 8) logical = { kind: 'timestamp', ...readTime(reader) };
    else if (id === 10) logical = readInteger(reader);
    else {
      reader.skip(type);
      logical = { kind: simple[id] ?? 'unknown' } as LogicalType;
    }
  });
  return logical;
}

function readDecimal(reader: ThriftReader): LogicalType {
  let scale = 0;
  let precision = 0;
  reader.struct((id, type) => {
    if (id === 1) scale = reader.integer();
    else if (id === 2) precision = reader.integer();
    else reader.skip(type);
  });
  return { kind: 'decimal', scale, precision };
}

function readInteger(reader: ThriftReader): LogicalType {
  let bits = 64;
  let signed = true;
  reader.struct((id, type) => {
    if (id === 2) signed = reader.boolean(type);
    else if (id === 1 && type === thriftTypes.byte) bits = reader.byte();
    else reader.skip(type);
  });
  return { kind: 'integer', bits, signed };
}

function readTime(reader: ThriftReader): { readonly unit: TimeUnit; readonly utc: boolean } {
  let unit: TimeUnit = 'milliseconds';
  let utc = false;
  reader.struct((id, type) => {
    if (id === 1) utc = reader.boolean(type);
    else if (id === 2) unit = readUnit(reader);
    else reader.skip(type);
  });
  return { unit, utc };
}

function readUnit(reader: ThriftReader): TimeUnit {
  const units: readonly (TimeUnit | undefined)[] = [undefined, 'milliseconds', 'microseconds', 'nanoseconds'];
  let unit: TimeUnit | undefined;
  reader.struct((id, type) => {
    reader.skip(type);
    unit = units[id];
  });
  if (unit === undefined) throw corrupt('its schema has a time in a unit that there is not');
  return unit;
}

/** The older way to say the same, by a number. */
function convertedType({ converted, scale, precision }: RawElement): LogicalType | undefined {
  const types: readonly (LogicalType | undefined)[] = [
    { kind: 'string' },
    { kind: 'map' },
    // Of a map's entries; some writers put it at the map itself.
    { kind: 'map' },
    { kind: 'list' },
    { kind: 'enum' },
    { kind: 'decimal', scale, precision },
    { kind: 'date' },
    { kind: 'time', unit: 'milliseconds' },
    { kind: 'time', unit: 'microseconds' },
    { kind: 'timestamp', unit: 'milliseconds', utc: true },
    { kind: 'timestamp', unit: 'microseconds', utc: true },
    ...[8, 16, 32, 64].map((bits): LogicalType => ({ kind: 'integer', bits, signed: false })),
    ...[8, 16, 32, 64].map((bits): LogicalType => ({ kind: 'integer', bits, signed: true })),
    { kind: 'json' },
    { kind: 'bson' },
    { kind: 'interval' },
  ];
  return converted === undefined ? undefined : types[converted];
}
