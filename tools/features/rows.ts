import { calls } from './rows/calls.ts';
import { exportRows } from './rows/exports.ts';
import { imports } from './rows/imports.ts';
import { platform } from './rows/platform.ts';
import { pulls } from './rows/pulls.ts';
import { syncs } from './rows/syncs.ts';

export interface Group {
  readonly title: string;
  /** Id of each row, and what it asks. */
  readonly rows: Readonly<Record<string, string>>;
}

/** All that users of such systems can see or do, so that nothing is forgotten and each thing has its test. */
export const groups: readonly Group[] = [
  { title: 'Files of events into the event store', rows: imports },
  { title: 'Events out of the event store', rows: exportRows },
  { title: 'Files into tables', rows: pulls },
  { title: 'Columns as calls, in step with their source', rows: syncs },
  { title: 'Arriving files as tracking calls', rows: calls },
  { title: 'Everywhere', rows: platform },
];

/** Rows that the present version promises: one without a test is an error. */
export const required: readonly string[] = `
  I-01 I-02 I-03 I-10 I-12 I-13 I-14 I-16 I-17 I-22 I-24 I-25 I-26 I-28 I-29 I-31 I-32 I-33 I-34 I-35 I-36 I-37 I-38
  I-39 I-40 I-41 I-42 I-44 I-45 I-50 I-56 C-02 C-03 C-04 C-07 C-10
`
  .trim()
  .split(/\s+/);
