import { Visitor, type Expression, type Super } from 'oxc-parser';
import { programOf } from './imports-of.ts';

/**
 * Whether a module's text calls `new Date()` or `Date()`. The linter sees `Date.now`, but has no rule for a
 * constructor without arguments; `new Date(given)` is pure.
 */
export function readsClock(path: string, text: string): boolean {
  let found = false;
  new Visitor({
    NewExpression: ({ callee, arguments: given }) => {
      found ||= isDate(callee) && given.length === 0;
    },
    CallExpression: ({ callee }) => {
      found ||= isDate(callee);
    },
  }).visit(programOf(path, text));
  return found;
}

function isDate(callee: Expression | Super): boolean {
  return callee.type === 'Identifier' && callee.name === 'Date';
}
