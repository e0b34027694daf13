import type { JsonObject } from '../../lib/json.ts';
import type { Run } from '../../lib/store/run-types.ts';
import { onlyPositional, type Command } from '../command.ts';
import { entryOptions, printEntries, timeText, type EntryList } from '../ledger-entries.ts';
import { textAt } from '../local/api/object-fields.ts';
import { formatAge } from '../output/format-age.ts';

/** What a source did, and when. */
export const runs = {
  usage: ['SOURCE [OPTIONS]'],
  description: [
    'Reads the store: each run of the source, from work found to an empty ledger, the newest first, with the files and records that it brought in. The source is one of a local mode, also of one that has ended, or of a cluster; the database is reached with the Secret of its EventStore, which you must be allowed to read.',
    'Exit code 1 means that the source, its EventStore or the database cannot be read.',
  ],
  options: { ...entryOptions },
  async run(args, io, deps) {
    return printEntries(onlyPositional(args, 'SOURCE'), list, { args, io, deps });
  },
} satisfies Command;

const list: EntryList<Run> = {
  page: ({ reader, sourceId }, limit, last) => reader.listRuns(sourceId, { limit, after: last?.number }),
  toJson: ({ startedAt, endedAt, outcome, message, ...run }) => ({
    number: run.number,
    startedAt: timeText(startedAt),
    ...(endedAt === undefined ? {} : { endedAt: timeText(endedAt) }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(message === undefined ? {} : { message }),
    files: { ...run.files },
    records: { ...run.records },
  }),
  toRow,
};

function toRow(json: JsonObject) {
  const startedAt = textAt(json, 'startedAt');
  const endedAt = textAt(json, 'endedAt');
  const { done, failed } = json['files'] as JsonObject;
  const { imported, duplicate, skipped, rejected } = json['records'] as JsonObject;
  const lasted = Date.parse(endedAt) - Date.parse(startedAt);
  return {
    RUN: json['number'],
    STARTED: startedAt,
    TOOK: endedAt === '' ? '' : formatAge(lasted),
    OUTCOME: json['outcome'] ?? 'Running',
    FILES: done,
    FAILED: failed,
    RECORDS: imported,
    DUPLICATE: duplicate,
    SKIPPED: skipped,
    REJECTED: rejected,
    MESSAGE: json['message'] ?? '',
  };
}
