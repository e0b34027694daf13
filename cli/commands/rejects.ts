import type { JsonObject } from '../../lib/json.ts';
import type { StoredReject } from '../../lib/store/types.ts';
import { countOption, onlyPositional, textOption, type Arguments, type Command } from '../command.ts';
import { entryOptions, printEntries, timeText, type EntryList } from '../ledger-entries.ts';

/** The rows that became no event, and why. */
export const rejects = {
  usage: ['SOURCE [OPTIONS]'],
  description: [
    'Reads the store: each row that could not become an event, with its file, row (counted from 1), byte offset in the decompressed file, column, reason, and text, the newest first. The source is one of a local mode, also of one that has ended, or of a cluster; the database is reached with the Secret of its EventStore, which you must be allowed to read.',
    'Exit code 1 means that the source, its EventStore or the database cannot be read.',
  ],
  options: {
    ...entryOptions,
    key: { type: 'string', value: 'KEY', description: 'Only rows of this file; its whole key.' },
    after: { type: 'string', value: 'ID', description: 'Only rejects behind this one, which are older.' },
  },
  async run(args, io, deps) {
    return printEntries(onlyPositional(args, 'SOURCE'), listOf(args), { args, io, deps });
  },
} satisfies Command;

function listOf(args: Arguments): EntryList<StoredReject> {
  const key = textOption(args, 'key');
  const after = countOption(args, 'after');
  return {
    page: ({ reader, sourceId }, limit, last) =>
      reader.listRejects(sourceId, { limit, key, after: last?.id ?? after }),
    toJson: ({ column, ...reject }) => ({
      ...reject,
      ...(column === undefined ? {} : { column }),
      at: timeText(reject.at),
    }),
    toRow,
    behind: ({ id }) => `go on with --after ${id}`,
  };
}

function toRow({ key, row, column, reason, raw }: JsonObject) {
  return { FILE: key, ROW: row, COLUMN: column ?? '', REASON: reason, RAW: raw };
}
