import type { S3ImportSource, S3ImportSourceStatus } from '../../../crds/generated/s3-import-source.ts';
import type { Reason } from '../../../crds/reasons.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';

type Files = S3ImportSourceStatus['files'];

/** Events of what the bucket holds that a person may not have meant, when it is first seen. */
export function tellFiles(
  recorder: Pick<EventRecorder, 'record'>,
  source: S3ImportSource,
  after: Files,
): void {
  const { name } = source.metadata;
  const [was, is] = [countsOf(source.status.files), countsOf(after)];
  const tell = (reason: Reason, note: string): void =>
    recorder.record({ regarding: source, type: 'Warning', reason, action: 'ListBucket', note });
  if (is.overwritten > was.overwritten) tell('FilesOverwritten', overwrittenNote(is, name));
  const isNew = (word: 'small' | 'large') => was[word] === 0 && is[word] > 0;
  if (isNew('small') || isNew('large')) tell('UnusualFileSizes', sizesNote(is));
}

type Counts = Readonly<Record<'overwritten' | 'small' | 'large', number>>;

function countsOf({ overwritten = 0, small = 0, large = 0 }: NonNullable<Files> = {}): Counts {
  return { overwritten, small, large };
}

function overwrittenNote({ overwritten }: Counts, name: string): string {
  return (
    `Overwritten since they were found, and not imported again: ${overwritten}. millrace files ${name} lists them; ` +
    'upload what is new under a key of its own.'
  );
}

function sizesNote({ small, large }: Counts): string {
  return (
    `Of the files, ${small} are smaller than 1 MB and ${large} larger than 5 GB. They are imported; files of 10 MB to ` +
    '1 GB take less time and share better among workers.'
  );
}
