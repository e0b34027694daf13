import type { JsonObject } from '../lib/json.ts';
import {
  countOption,
  exitCodes,
  textOption,
  type Arguments,
  type CommandDeps,
  type CommandIo,
  type CommandOption,
} from './command.ts';
import { connect, placeOptions } from './connect.ts';
import { openLedger, storeOptions, type SourceLedger } from './open-ledger.ts';
import {
  createRecordPrinter,
  entryOutputOption,
  recordOutputNamed,
  type TableRow,
} from './output/record-printer.ts';

/** So many entries are shown without `--limit`. */
const usualLimit = 100;
/** At a time, so that a long list is held in memory by parts. */
const pageSize = 500;

/** Options of every command that lists what the ledger has of a source. */
export const entryOptions = {
  ...placeOptions,
  ...storeOptions,
  limit: { type: 'string', value: 'N', description: `At most so many. Default: ${usualLimit}.` },
  output: entryOutputOption,
} as const satisfies Readonly<Record<string, CommandOption>>;

/** A list of the ledger that is read by pages. */
export interface EntryList<Entry> {
  /** The next entries, at most `limit`, behind the one given; from the beginning if there is none. */
  page(ledger: SourceLedger, limit: number, last: Entry | undefined): Promise<readonly Entry[]>;
  /** As a line of JSON has it; times in RFC 3339. */
  toJson(entry: Entry): JsonObject;
  /** As a line of a table; headings in capitals. */
  toRow(json: JsonObject): TableRow;
  /** How to have the entries behind this one; undefined: only by a greater limit. */
  behind?(entry: Entry): string;
}

/** Prints the list for the source of that name; the exit code. */
export async function printEntries<Entry>(
  name: string,
  list: EntryList<Entry>,
  { args, io, deps }: { readonly args: Arguments; readonly io: CommandIo; readonly deps: CommandDeps },
): Promise<number> {
  const output = recordOutputNamed(textOption(args, 'output'), 'table');
  const limit = countOption(args, 'limit') ?? usualLimit;
  await using place = await connect(args, deps);
  await using ledger = await openLedger(name, place, args, deps);
  if (ledger === undefined) {
    await io.stderr.write(
      `The operator has not begun with the source ${name} yet: there is nothing to list.\n`,
    );
    return exitCodes.ok;
  }
  const printer = createRecordPrinter(output, io.stdout, (json) => list.toRow(json));
  let last: Entry | undefined;
  let more = true;
  for (let left = limit; left > 0 && more;) {
    deps.signal.throwIfAborted();
    const wanted = Math.min(left, pageSize);
    // One more than is shown tells whether there are more.
    const found = await list.page(ledger, wanted + 1, last);
    const shown = found.slice(0, wanted);
    await printer.print(shown.map((entry) => list.toJson(entry)));
    more = found.length > wanted;
    left -= shown.length;
    last = shown.at(-1) ?? last;
  }
  await printer.end();
  if (last === undefined) await io.stderr.write('None found.\n');
  else if (more) await io.stderr.write(`There are more: ${list.behind?.(last) ?? 'raise --limit'}.\n`);
  return exitCodes.ok;
}

/** RFC 3339, in milliseconds. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
