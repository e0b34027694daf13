import { parseSync } from '@swc/core';

/**
 * Whether a module's text calls `new Date()` or `Date()`. The linter sees `Date.now`, but has no rule for a
 * constructor without arguments; `new Date(given)` is pure.
 */
export function readsClock(text: string): boolean {
  if (!/\bDate\b/.test(text)) return false;
  return holdsClockCall(parseSync(text, { syntax: 'typescript', target: 'esnext' }));
}

function holdsClockCall(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  return isClockCall(node) || Object.values(node).some(holdsClockCall);
}

function isClockCall(node: object): boolean {
  const { type, callee, arguments: given } = node as Record<string, unknown>;
  if (!isDate(callee)) return false;
  return (
    type === 'CallExpression' || (type === 'NewExpression' && (!Array.isArray(given) || given.length === 0))
  );
}

function isDate(callee: unknown): boolean {
  const { type, value } = (callee ?? {}) as Record<string, unknown>;
  return type === 'Identifier' && value === 'Date';
}
