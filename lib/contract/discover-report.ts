import type { Probe } from '../discovery/probe-import.ts';
import { TransientError, messageOf, reasonOf } from '../errors.ts';
import { isJsonObject } from '../json.ts';

/** What a worker saw of a bucket: one JSON document, the pod's termination message. What it found is in the ledger. */
export interface DiscoverReport {
  readonly probes: readonly Probe[];
  /** Why the bucket was not listed to its end, beyond what the probes tell. */
  readonly error?: unknown;
}

interface ToldError {
  readonly reason: string;
  readonly message: string;
}

/** Three probes and an error, each with words: all of it stays under the 4 KiB that Kubernetes keeps. */
const longestBytes = 700;

export function formatDiscoverReport({ probes, error }: DiscoverReport): string {
  return JSON.stringify({
    kind: 'discover',
    probes: probes.map(({ error: thrown, ...probe }) => ({ ...probe, ...withError(thrown) })),
    ...withError(error),
  });
}

function withError(error: unknown): { readonly error?: ToldError } {
  if (error === undefined) return {};
  return { error: { reason: reasonOf(error), message: cut(messageOf(error)) } };
}

function cut(message: string): string {
  const bytes = Buffer.from(message);
  return bytes.length <= longestBytes ? message : `${bytes.subarray(0, longestBytes).toString('utf8')}…`;
}

/** The report in a termination message; undefined when there is none, or it is somebody else's text. */
export function parseDiscoverReport(text: string): DiscoverReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || value['kind'] !== 'discover' || !Array.isArray(value['probes']))
    return undefined;
  return { probes: value['probes'].flatMap((probe) => readProbe(probe) ?? []), ...readError(value['error']) };
}

const actions: readonly unknown[] = [
  's3:ListBucket',
  's3:GetObject',
  'kms:Decrypt',
] satisfies Probe['action'][];
const results: readonly unknown[] = ['Allowed', 'Denied', 'Unknown'] satisfies Probe['result'][];

function readProbe(value: unknown): Probe | undefined {
  if (!isJsonObject(value) || typeof value['resource'] !== 'string') return undefined;
  const { action, resource, result, error } = value;
  if (!actions.includes(action) || !results.includes(result)) return undefined;
  return {
    action: action as Probe['action'],
    resource,
    result: result as Probe['result'],
    ...readError(error),
  };
}

/** Whether it may pass by itself is told by the reason. */
function readError(value: unknown): { readonly error?: TransientError } {
  if (!isJsonObject(value)) return {};
  const { reason, message } = value;
  if (typeof reason !== 'string' || typeof message !== 'string') return {};
  return { error: new TransientError({ reason, message }) };
}
