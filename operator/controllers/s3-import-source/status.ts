import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { S3ImportSource, S3ImportSourceStatus } from '../../../crds/generated/s3-import-source.ts';
import { annotations } from '../../../crds/names.ts';
import { deriveConditions } from '../../conditions/derive-conditions.ts';
import type { Finding } from '../../conditions/finding.ts';
import type { ImportProgress } from './facts.ts';
import { deriveAccess, findStorage } from './find-storage.ts';
import { deriveFigures, type StatusFigures } from './status-figures.ts';
import { findReports } from './status-reports.ts';

export interface ImportStatusInput {
  readonly source: S3ImportSource;
  readonly connection: S3Connection | undefined;
  readonly preflight: readonly Finding[];
  /** Absent: the preflight failed. */
  readonly progress: ImportProgress | undefined;
  readonly digestOfKey: (key: string) => string;
  readonly nowMs: number;
  /** The counters of the status that is there may stay for now. */
  readonly keepProgress: boolean;
}

/** All gates, in order; those after the first that is not True are left out. */
export function findImportGates(
  preflight: readonly Finding[],
  progress: ImportProgress | undefined,
): readonly Finding[] {
  if (progress === undefined) return preflight;
  return [...preflight, ...findStorage(progress), progress.workers.finding];
}

/** The whole status, from facts alone. */
export function deriveImportStatus(input: ImportStatusInput): S3ImportSourceStatus {
  const { source, progress, nowMs, digestOfKey } = input;
  const figures = progress && deriveFigures(progress, { before: source.status, nowMs, digestOfKey });
  const reports = progress && figures ? findReports(progress, figures) : [];
  const conditions = deriveConditions({
    kind: 'S3ImportSource',
    generation: source.metadata.generation,
    previous: source.status.conditions ?? [],
    findings: [...findImportGates(input.preflight, progress), ...reports],
    ...(source.spec.suspend ? { ready: suspended } : {}),
    now: new Date(nowMs).toISOString(),
  });
  const handledAt = handledRequest(source, progress);
  const keep = input.keepProgress && sameLandmarks({ ...figures, conditions }, source.status);
  return {
    observedGeneration: source.metadata.generation,
    ...(handledAt === undefined ? {} : { lastHandledReconcileAt: handledAt }),
    ...(figures === undefined || keep ? pickFigures(source.status) : figures),
    ...deriveAccess(source, input.connection, progress),
    conditions,
  };
}

/** A look that was asked for is handled when the whole prefix was listed since, or could not be. */
function handledRequest(
  { metadata, status }: S3ImportSource,
  progress: ImportProgress | undefined,
): string | undefined {
  const listing = progress?.listing;
  const goesOn = listing !== undefined && !('error' in listing) && listing.asked !== undefined;
  return goesOn ? status.lastHandledReconcileAt : metadata.annotations?.[annotations.requestedAt];
}

const suspended = {
  reason: 'Suspended',
  message: 'The source is switched off by spec.suspend. Nothing is lost; set it to false to go on.',
} as const;

type Landmarks = Pick<S3ImportSourceStatus, 'conditions' | 'conversion' | 'run'>;

/** Whether nothing but counters has moved: those may wait, while what a person acts on is told at once. */
function sameLandmarks(a: Landmarks, b: Landmarks): boolean {
  const landmarks = ({ conditions = [], conversion, run }: Landmarks) => [
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
    [conversion?.generation, run?.number, run?.completionTime],
  ];
  return JSON.stringify(landmarks(a)) === JSON.stringify(landmarks(b));
}

function pickFigures(status: S3ImportSourceStatus): StatusFigures {
  const { observedGeneration: _, lastHandledReconcileAt: __, conditions: ___, ...figures } = status;
  return figures;
}
