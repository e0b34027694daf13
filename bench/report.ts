import type { ImportResult } from './import-run.ts';

/** One line of the table; units are in the names. */
export interface Measurement {
  readonly name: string;
  readonly events: number;
  readonly files: number;
  readonly eventsPerSecond: number;
  readonly filesPerSecond: number;
  readonly workerCpuUsPerEvent: number;
  readonly databaseCpuUsPerEvent: number | undefined;
  readonly peakMiB: number;
}

export function measurementOf(
  name: string,
  { usage, events, files, databaseCpuMs }: ImportResult,
): Measurement {
  return {
    name,
    events,
    files,
    eventsPerSecond: (events / usage.wallMs) * 1000,
    filesPerSecond: (files / usage.wallMs) * 1000,
    workerCpuUsPerEvent: (usage.cpuMs * 1000) / events,
    databaseCpuUsPerEvent: databaseCpuMs === undefined ? undefined : (databaseCpuMs * 1000) / events,
    peakMiB: usage.peakMiB,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `12.3 (11.9 to 14.0)`. */
export function spread(values: readonly number[]): string {
  const show = (value: number): string => value.toFixed(2);
  return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
}

const headings = [
  'run',
  'events',
  'files',
  'events/s',
  'files/s',
  'worker CPU, µs an event',
  'database CPU, µs an event',
  'worker peak, MiB',
];

export function formatMeasurements(measurements: readonly Measurement[]): string {
  const rows = measurements.map((one) => [
    one.name,
    String(one.events),
    String(one.files),
    one.eventsPerSecond.toFixed(0),
    one.filesPerSecond.toFixed(1),
    one.workerCpuUsPerEvent.toFixed(1),
    one.databaseCpuUsPerEvent?.toFixed(1) ?? 'not known',
    one.peakMiB.toFixed(0),
  ]);
  return formatTable(headings, rows);
}

/** As Markdown; the first column holds names, the others numbers. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = titles.map((_, column) => (column === 0 ? '---' : '--:'));
  return [titles, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
