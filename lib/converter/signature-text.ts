import { quote } from './load-errors.ts';
import type { Operator, Parameter } from './operator.ts';

/** How an operator is written, e.g. `["split", "separator", SOURCE]`; `|` stands before what may repeat. */
export function signatureText(operator: Operator, name: string = operator.names[0]): string {
  const { once, repeated } = operator.signature;
  const parts = [quote(name), ...once.map(parameterText)];
  return repeated.length === 0
    ? `[${parts.join(', ')}]`
    : `[${parts.join(', ')}, | ${repeated.map(parameterText).join(', ')}...]`;
}

function parameterText({ kind, name }: Parameter): string {
  switch (kind) {
    case 'text':
      return `"${name}"`;
    case 'literal':
      return name.toUpperCase();
    case 'any':
    case 'string':
    case 'number':
    case 'dict':
    case 'condition':
      return name.toUpperCase().replaceAll(' ', '_');
  }
}
