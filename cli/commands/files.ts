import type { JsonObject } from '../../lib/json.ts';
import type { FileEntry } from '../../lib/store/ledger-reader.ts';
import { onlyPositional, textOption, UsageError, type Arguments, type Command } from '../command.ts';
import { entryOptions, printEntries, timeText, type EntryList } from '../ledger-entries.ts';

const states = ['found', 'claimed', 'done', 'failed'] as const;

/** What became of each file of a source. */
export const files = {
  usage: ['SOURCE [OPTIONS]'],
  description: [
    'Reads the ledger: every file that the source has ever found, in order of the key. A file is found, claimed by a worker, done, or failed with a reason and a cure. The source is one of a local mode, also of one that has ended, or of a cluster; the database is reached with the Secret of its EventStore, which you must be allowed to read.',
    'Exit code 1 means that the source, its EventStore or the database cannot be read.',
  ],
  options: {
    ...entryOptions,
    filter: { type: 'string', value: states.join('|'), description: 'Only files in this state.' },
    key: { type: 'string', value: 'KEY', description: 'Only this file; its whole key.' },
    after: { type: 'string', value: 'KEY', description: 'Only files behind this key.' },
  },
  async run(args, io, deps) {
    return printEntries(onlyPositional(args, 'SOURCE'), listOf(args), { args, io, deps });
  },
} satisfies Command;

function listOf(args: Arguments): EntryList<FileEntry> {
  const state = stateOf(textOption(args, 'filter'));
  const key = textOption(args, 'key');
  const after = textOption(args, 'after');
  return {
    page: ({ reader, sourceId }, limit, last) =>
      reader.listFiles(sourceId, { limit, state, key, after: last?.key ?? after }),
    toJson,
    toRow,
    behind: (entry) => `go on with --after ${quoteForShell(entry.key)}`,
  };
}

function stateOf(name: string | undefined): (typeof states)[number] | undefined {
  const found = states.find((state) => state === name);
  if (found !== undefined || name === undefined) return found;
  throw new UsageError(`--filter must be one of ${states.join(', ')}, not ${JSON.stringify(name)}`);
}

function toJson({ failure, finishedAt, ...file }: FileEntry): JsonObject {
  return {
    ...file,
    records: { ...file.records },
    lastModified: timeText(file.lastModified),
    foundAt: timeText(file.foundAt),
    ...(finishedAt === undefined ? {} : { finishedAt: timeText(finishedAt) }),
    ...(failure === undefined ? {} : { failure: { ...failure } }),
  };
}

function toRow(json: JsonObject) {
  const { imported, duplicate, skipped, rejected } = json['records'] as JsonObject;
  return {
    KEY: json['key'],
    STATE: json['state'],
    SIZE: json['size'],
    MODIFIED: json['lastModified'],
    RECORDS: imported,
    DUPLICATE: duplicate,
    SKIPPED: skipped,
    REJECTED: rejected,
    ATTEMPTS: json['attempts'],
    REASON: (json['failure'] as JsonObject | undefined)?.['reason'] ?? '',
  };
}

/** A key as one word of a command line, whatever it holds. */
function quoteForShell(text: string): string {
  return /^[\w./:=@%+-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
