import { isJsonObject, type JsonObject } from '../json.ts';
import { fitReport } from './report.ts';

/** What a worker found out of its own identity: one JSON document, the pod's termination message. */
export type ProbeReport =
  | {
      readonly outcome: 'identified';
      readonly caller: string;
      readonly principal: string;
      readonly account: string;
    }
  /** There are credentials, and no STS to ask whose. */
  | { readonly outcome: 'unasked' }
  /** `caller`: as far as it came. */
  | {
      readonly outcome: 'refused';
      readonly reason: string;
      readonly message: string;
      readonly caller?: string;
    };

/** The report as text, its message cut until it fits. */
export function formatProbeReport(report: ProbeReport): string {
  return report.outcome === 'refused' ? fitReport(report) : JSON.stringify(report);
}

/** An ARN has at most 2048 characters; nothing longer is taken over into a status. */
const longestArn = 2048;

/** The report in a termination message; undefined when there is none, or it is somebody else's text. */
export function parseProbeReport(text: string): ProbeReport | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  switch (value['outcome']) {
    case 'unasked':
      return { outcome: 'unasked' };
    case 'identified':
      return readIdentified(value);
    case 'refused':
      return readRefused(value);
    default:
      return undefined;
  }
}

function readIdentified({ caller, principal, account }: JsonObject): ProbeReport | undefined {
  if (!isArn(caller) || !isArn(principal) || !isArn(account)) return undefined;
  return { outcome: 'identified', caller, principal, account };
}

function readRefused({ reason, message, caller }: JsonObject): ProbeReport | undefined {
  if (typeof reason !== 'string' || typeof message !== 'string') return undefined;
  return { outcome: 'refused', reason, message, ...(isArn(caller) ? { caller } : {}) };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isArn(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestArn;
}
