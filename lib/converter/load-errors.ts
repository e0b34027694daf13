import type { LoadError } from './converter.ts';
import { converterLimits } from './limits.ts';

/** Gathers what is wrong with a converter, so that a person sees all of it at once. */
export interface LoadErrors {
  readonly found: readonly LoadError[];
  add(path: string, message: string): void;
}

export function collectLoadErrors(): LoadErrors {
  const found: LoadError[] = [];
  return {
    found,
    add(path, message) {
      if (found.length < converterLimits.errors) found.push({ path, message });
      else if (found.length === converterLimits.errors) {
        found.push({ path: '', message: `more than ${converterLimits.errors} errors: correct these first` });
      }
    },
  };
}

const plainKey = /^[A-Za-z_$][\w$]*$/;

/** The path of a key or an index below `path`: `a.b[1]["c d"]`. */
export function below(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  if (!plainKey.test(step)) return `${path}[${quote(step)}]`;
  return path === '' ? step : `${path}.${step}`;
}

/** A value as an error message shows it: JSON, cut. */
export function quote(value: unknown, limit = 80): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value.slice(0, limit + 1)) : shownJson(value, limit);
  return text.length <= limit + 2 ? text : `${text.slice(0, limit)}…`;
}

/** The beginning of a value's JSON; never visits more of a big value than it shows. */
function shownJson(value: unknown, limit: number): string {
  if (Array.isArray(value)) {
    const shown: unknown[] = value.slice(0, limit);
    return `[${shown.map((item) => (isNested(item) ? '…' : quote(item, limit))).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const shown = Object.entries(value).slice(0, limit);
    return `{${shown.map(([key, item]) => `${quote(key, limit)}:${isNested(item) ? '…' : quote(item, limit)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'nothing';
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
