import type { Operator, OperatorFamily } from './operator.ts';
import { operators } from './registry.ts';
import { signatureText } from './signature-text.ts';

const headings: Readonly<Record<OperatorFamily, string>> = {
  values: 'Values',
  strings: 'Text',
  time: 'Time',
  booleans: 'Booleans',
  numbers: 'Numbers',
};

/** The tables of all operators in Markdown, for the reference page. Ends with a line break. */
export function describeOperators(): string {
  const all: readonly Operator[] = Object.values(operators);
  return Object.entries(headings)
    .map(([family, heading]) => {
      const rows = all.filter((operator) => operator.family === family).map(rowOf);
      return `### ${heading}\n\n| Operator | Written | Gives |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

function rowOf(operator: Operator): string {
  const names = operator.names.map((name) => `\`${name}\``).join(', ');
  return `| ${[names, `\`${signatureText(operator)}\``, operator.summary].map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
