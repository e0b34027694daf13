import type { RecordCounts } from '../../../lib/contract/report.ts';
import { failed, passed, type Finding } from '../../conditions/finding.ts';
import type { ImportProgress } from './facts.ts';
import type { StatusFigures } from './status-figures.ts';

/** What is told of a source and does not gate `Ready`. */
export function findReports(progress: ImportProgress, figures: StatusFigures): readonly Finding[] {
  return [findCaughtUp(progress), ...findDegraded(progress, figures)];
}

function findCaughtUp({ counts, listing }: ImportProgress): Finding {
  const type = 'CaughtUp';
  if (counts.files.unfinished > 0) {
    return failed(type, 'ImportingFiles', 'Files that were found wait, or are being imported.');
  }
  if (listing !== undefined && isFirstPass(listing)) {
    return failed(type, 'ListingIncomplete', 'The first look at the bucket is not at its end yet.');
  }
  return counts.files.found === 0
    ? passed(type, 'PrefixEmpty', 'There is no file under the prefix that the pattern admits.')
    : passed(type, 'CaughtUp', 'Every file found so far is imported or given up.');
}

function isFirstPass(listing: NonNullable<ImportProgress['listing']>): boolean {
  return 'error' in listing || listing.state.lastFull === undefined;
}

type Trouble = Pick<Finding, 'reason' | 'message'>;

/** One condition: its reason is the first trouble's, its message has all of them. */
function findDegraded(progress: ImportProgress, { files }: StatusFigures): readonly Finding[] {
  const troubles = [...workerTroubles(progress), ...rowTroubles(progress), ...fileTroubles(files)];
  const [first] = troubles;
  if (first === undefined) return [];
  const message = troubles.map((trouble) => trouble.message).join(' ');
  return [{ type: 'Degraded', status: 'True', reason: first.reason, message }];
}

function workerTroubles({ workers }: ImportProgress): readonly Trouble[] {
  const { trouble } = workers;
  if (trouble === undefined) return [];
  return [{ reason: trouble.reason, message: `Some workers run, others do not: ${trouble.message}` }];
}

function fileTroubles(files: StatusFigures['files'] = {}): readonly Trouble[] {
  const met = (count: number | undefined, trouble: Trouble) => ((count ?? 0) > 0 ? [trouble] : []);
  return [
    ...met(files.failed, givenUp),
    ...met(files.archived, archived),
    ...met(files.unstorable, unstorable),
  ];
}

/** Of the newest run that has read a row: what was wrong in earlier ones may have been mended since. */
function rowTroubles({ runs }: ImportProgress): readonly Trouble[] {
  const latest = runs.find(({ records }) => rowsOf(records) > 0);
  if (latest === undefined || latest.records.rejected * 2 <= rowsOf(latest.records)) return [];
  const message =
    `Most rows that run ${latest.number} has read were rejected; millrace rejects says why, row by row. ` +
    'Mend the conversion or the format, and try it with millrace preview.';
  return [{ reason: 'MostRowsRejected', message }];
}

function rowsOf({ imported, duplicate, skipped, rejected }: RecordCounts): number {
  return imported + duplicate + skipped + rejected;
}

const givenUp: Trouble = {
  reason: 'FilesFailed',
  message: 'Some files were given up; status.lastFailures says why, and what to do.',
};

const archived: Trouble = {
  reason: 'ObjectArchived',
  message:
    'Some objects under the prefix are in an archive class (Glacier) and are left alone; status.files.archived ' +
    'counts them. Restore them, and they are found by themselves.',
};

const unstorable: Trouble = {
  reason: 'KeyUnstorable',
  message:
    'Some keys have a NUL character, which the store cannot hold, and their objects are left alone; ' +
    'status.files.unstorable counts them. Copy them to other keys.',
};
