import { isJsonObject } from '../json.ts';

/**
 * What a worker tells when it ends: one JSON document of at most 4 KiB, the pod's termination message.
 */
export interface ShardReport {
  readonly outcome: 'done' | 'stopped' | 'failed';
  /** Why it failed: a word of `crds/reasons.ts`; absent unless `failed`. */
  readonly reason?: string;
  readonly message?: string;
  readonly files: number;
  readonly records: RecordCounts;
}

export interface RecordCounts {
  readonly imported: number;
  readonly duplicate: number;
  readonly skipped: number;
  readonly rejected: number;
}

export const noRecords: RecordCounts = { imported: 0, duplicate: 0, skipped: 0, rejected: 0 };

export function addCounts(a: RecordCounts, b: RecordCounts): RecordCounts {
  return {
    imported: a.imported + b.imported,
    duplicate: a.duplicate + b.duplicate,
    skipped: a.skipped + b.skipped,
    rejected: a.rejected + b.rejected,
  };
}

/** What Kubernetes keeps of a termination message. */
const limitBytes = 4096;

/** The report as text, its message cut until it fits. */
export function formatReport(report: ShardReport): string {
  return fitReport(report);
}

/** Any report with a message, as text that Kubernetes keeps whole. */
export function fitReport(report: { readonly message?: string }): string {
  const text = JSON.stringify(report);
  const excess = Buffer.byteLength(text) - limitBytes;
  if (excess <= 0 || report.message === undefined) return text;
  // Each cut character takes at least one byte with it; the ellipsis takes three.
  const keep = Math.max(0, report.message.length - excess - 3);
  return fitReport({ ...report, message: `${report.message.slice(0, keep)}…` });
}

const outcomes: readonly unknown[] = ['done', 'stopped', 'failed'] satisfies ShardReport['outcome'][];

/** The report in a termination message; undefined when there is none, or it is somebody else's text. */
export function parseReport(text: string): ShardReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || !outcomes.includes(value['outcome'])) return undefined;
  const { reason, message, files, records } = value;
  return {
    outcome: value['outcome'] as ShardReport['outcome'],
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    files: typeof files === 'number' ? files : 0,
    records: { ...noRecords, ...(isJsonObject(records) ? records : {}) },
  };
}
