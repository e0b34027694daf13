import type { S3ImportSourceStatus } from '../../crds/generated/s3-import-source.ts';
import { findReason } from '../../crds/reasons.ts';
import { conditionOf, type Watched } from '../idle.ts';
import { formatTable } from './format-table.ts';

/** One line on how far the sources are, and what holds them up, for a line that is written over. */
export function formatProgress(objects: readonly Watched[]): string {
  const sources = sourcesOf(objects);
  const held = objects.filter((object) => object.kind !== 'S3ImportSource' && isHeld(object));
  return [
    ...held.map(
      (object) => `${object.kind} ${object.metadata.name}: ${conditionOf(object, 'Ready')?.reason ?? ''}`,
    ),
    ...sources.map((source) => `${source.metadata.name}: ${describeProgress(source)}`),
  ].join(' · ');
}

/** Looked at, and not Ready: what waits for it can only say that it waits. */
function isHeld(object: Watched): boolean {
  const ready = conditionOf(object, 'Ready');
  return ready !== undefined && ready.status !== 'True' && ready.reason !== 'Progressing';
}

function describeProgress(source: WatchedSource): string {
  const ready = conditionOf(source, 'Ready');
  if (ready === undefined) return 'starting';
  if (ready.status === 'True') return describeCounts(source.status);
  const isStalled = conditionOf(source, 'Stalled')?.status === 'True';
  return `${isStalled ? 'stalled' : 'waiting'} (${ready.reason})`;
}

function describeCounts({ files = {}, records = {} }: S3ImportSourceStatus): string {
  return `${files.imported ?? 0} of ${files.found ?? 0} files, ${records.imported ?? 0} records`;
}

/** What a person wants to know at the end: the objects, the counts, and what went wrong with its cure. */
export function formatReport(objects: readonly Watched[]): string {
  const lines = objects.map((object) => {
    const ready = conditionOf(object, 'Ready');
    return [object.kind, object.metadata.name, ready?.status ?? 'Unknown', ready?.reason ?? ''];
  });
  const sources = sourcesOf(objects).map(({ metadata, status }) => {
    const { files, records } = status;
    const cells = [files?.found, files?.imported, files?.failed, files?.overwritten, files?.ignored];
    const counts = [records?.imported, records?.duplicate, records?.rejected, records?.skipped];
    return [metadata.name, ...[...cells, ...counts].map((count) => String(count ?? 0))];
  });
  const headings = ['SOURCE', 'FILES', 'IMPORTED', 'FAILED', 'OVERWRITTEN', 'IGNORED'];
  const recordHeadings = ['RECORDS', 'DUPLICATE', 'REJECTED', 'SKIPPED'];
  const tables = [
    formatTable(['KIND', 'NAME', 'READY', 'REASON'], lines),
    ...(sources.length === 0 ? [] : [formatTable([...headings, ...recordHeadings], sources)]),
  ];
  return [...tables, ...objects.flatMap(troublesOf)].join('\n');
}

/** The message of an object that is not Ready, and the files that were given up. */
function troublesOf(object: Watched): readonly string[] {
  const name = `${object.kind}/${object.metadata.name}`;
  const ready = conditionOf(object, 'Ready');
  const { reason = 'Unknown', message = '' } = ready ?? {};
  const wrong =
    ready?.status === 'True'
      ? degradedOf(object).map((told) => `${name}: ${told}\n`)
      : [`${name}: ${reason}: ${message}\n${cureLine(message, findReason(reason)?.cure)}`];
  const failures = ((object.status as S3ImportSourceStatus | undefined)?.lastFailures ?? []).map(
    (file) =>
      `${name}: a file failed (${file.reason}): ${file.message}\n${cureLine(file.message, file.cure)}`,
  );
  return [...wrong, ...failures];
}

/** What is not well in a source that works; of files that were given up each is told by itself. */
function degradedOf(object: Watched): readonly string[] {
  const { status, reason = '', message = '' } = conditionOf(object, 'Degraded') ?? {};
  return status === 'True' && reason !== 'FilesFailed' ? [`${reason}: ${message}`] : [];
}

/** Unless the message says it already. */
function cureLine(message: string, cure: string | undefined): string {
  return cure === undefined || cure === '' || message.includes(cure) ? '' : `  Cure: ${cure}\n`;
}

interface WatchedSource extends Watched {
  readonly status: S3ImportSourceStatus;
}

function sourcesOf(objects: readonly Watched[]): readonly WatchedSource[] {
  return objects.filter(
    (object): object is WatchedSource => object.kind === 'S3ImportSource' && object.status !== undefined,
  );
}
