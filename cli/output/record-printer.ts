import { stringify } from 'yaml';
import type { JsonObject, JsonValue } from '../../lib/json.ts';
import { UsageError, type CommandOption } from '../command.ts';
import { formatTable } from './format-table.ts';
import type { Output } from './output.ts';

const recordOutputs = ['json', 'table', 'yaml'] as const;
export type RecordOutput = (typeof recordOutputs)[number];

export const recordOutputOption: CommandOption = {
  type: 'string',
  short: 'o',
  value: 'json|table|yaml',
  description: 'json: one line of JSON for each (the default); table: for the eye; yaml: documents.',
};

/** For entries that a person looks through: a table, if not said otherwise. */
export const entryOutputOption: CommandOption = {
  ...recordOutputOption,
  value: 'table|json|yaml',
  description: 'table: for the eye (the default); json: one line of JSON for each; yaml: documents.',
};

export function recordOutputNamed(name: string | undefined, usual: RecordOutput = 'json'): RecordOutput {
  const found = recordOutputs.find((output) => output === (name ?? usual));
  if (found !== undefined) return found;
  throw new UsageError(`--output must be one of ${recordOutputs.join(', ')}, not ${JSON.stringify(name)}`);
}

/** Prints results as they come, in the order in which they come. */
export interface RecordPrinter {
  print(results: readonly JsonObject[]): Promise<void>;
  end(): Promise<void>;
}

/** A result as cells of a table, by heading. */
export type TableRow = Readonly<Record<string, JsonValue | undefined>>;

/** So many results at a time are laid out as one table; each has headings of its own. */
const tableRows = 200;

export function createRecordPrinter(
  output: RecordOutput,
  stdout: Output,
  toRow: (result: JsonObject) => TableRow,
): RecordPrinter {
  switch (output) {
    case 'json':
      return printEach(stdout, (result) => `${JSON.stringify(result)}\n`);
    case 'yaml':
      return printEach(stdout, (result) => `---\n${stringify(result)}`);
    case 'table':
      return printTables(stdout, toRow);
  }
}

function printEach(stdout: Output, format: (result: JsonObject) => string): RecordPrinter {
  return {
    print: async (results) => {
      await stdout.write(results.map(format).join(''));
    },
    end: async () => {},
  };
}

function printTables(stdout: Output, toRow: (result: JsonObject) => TableRow): RecordPrinter {
  let waiting: TableRow[] = [];
  const flush = async (): Promise<void> => {
    const rows = waiting;
    waiting = [];
    if (rows.length === 0) return;
    const headings = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const cells = rows.map((row) => headings.map((heading) => cellOf(row[heading])));
    await stdout.write(formatTable(headings, cells));
  };
  return {
    print: async (results) => {
      for (const result of results) {
        waiting.push(toRow(result));
        if (waiting.length === tableRows) await flush();
      }
    },
    end: flush,
  };
}

function cellOf(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
