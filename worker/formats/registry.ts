import { csv } from './csv/csv.ts';
import type { FileFormat } from './format.ts';
import { jsonLines } from './json-lines.ts';
import { parquet } from './parquet/parquet.ts';

/** Every file format, by the name that the API has for it. */
export const formats = Object.freeze({
  JSONLines: jsonLines,
  CSV: csv,
  Parquet: parquet,
}) satisfies Record<string, FileFormat>;

export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as readonly FormatName[];

export function isFormatName(name: string): name is FormatName {
  return Object.hasOwn(formats, name);
}
