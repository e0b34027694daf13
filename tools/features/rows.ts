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
  I-01 I-02 I-03 I-06 I-07 I-08 I-09 I-10 I-11 I-12 I-13 I-14 I-16 I-17 I-22 I-23 I-24 I-25 I-26 I-27 I-28 I-29 I-30 I-31
  I-32 I-33 I-34 I-35 I-36 I-37 I-38 I-39 I-40 I-41 I-42 I-43 I-44 I-45 I-46 I-47 I-48 I-49 I-50 I-53 I-54 I-55 I-56 I-57
  P-01 P-02 P-03 P-04 P-05 P-06 P-07 P-08 P-09 R-01 R-02 R-03 R-04 R-30 C-01 C-02 C-03 C-04 C-05 C-06 C-07 C-08 C-10
`
  .trim()
  .split(/\s+/);
