import type { SpecChanges } from './manifests.ts';

/** A converter for the rows of `linesOf`. */
export const sampleConverter = {
  event_type: 'event',
  user_id: 'uid',
  insert_id: 'id',
  time: 'ms',
  event_properties: { n: 'n' },
};

export const sampleConversion: SpecChanges = {
  conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } },
};

/** One JSON line; its id is of the file and the row. */
export function lineOf(file: string, row: number): string {
  const event = {
    event: 'buy',
    uid: `user-${row % 7}`,
    id: `${file}-${row}`,
    ms: 1_767_225_600_000 + row,
    n: row,
  };
  return JSON.stringify(event);
}

/** So many lines, with rows from 1. */
export function linesOf(file: string, rows: number): string {
  return Array.from({ length: rows }, (_, index) => `${lineOf(file, index + 1)}\n`).join('');
}
