import { isDeepStrictEqual } from 'node:util';
import type { S3ImportSourceStatus } from '../../../crds/generated/s3-import-source.ts';
import { digestOf } from '../../../lib/digest.ts';
import { isStoreError } from '../../../lib/store/errors.ts';
import { failed, gatesUntil, tellError, type Finding } from '../../conditions/finding.ts';
import { resourceTypes } from '../../resource-types.ts';
import { isStoreOpening, runPreflight } from '../../preflight/checks.ts';
import type { ReconcileResult } from '../../runtime/controller.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';
import { freshest, noteWrite } from '../own-write.ts';
import { reportStatus } from '../report-status.ts';
import { settle } from '../settle.ts';
import { advanceImport, type AdvanceDeps } from './advance.ts';
import type { ImportFacts, ImportProgress } from './facts.ts';
import { gatherImport, type GatherDeps } from './gather.ts';
import { haltImport } from './halt-import.ts';
import { createSourceMemory, type SourceMemory } from './memory.ts';
import { readyFacts } from './ready-facts.ts';
import { deriveImportStatus, findImportGates } from './status.ts';
import { tellFiles } from './tell-files.ts';

export interface S3ImportSourceDeps extends GatherDeps, AdvanceDeps {
  /** By the key of the source. */
  readonly memories: Map<string, SourceMemory>;
  /** Counters are written at most so often; what a person acts on, at once. Default 30 s, which spares an API server. */
  readonly progressMs?: number;
}

const usualProgressMs = 30_000;

/** Finds the source's files, sees that workers import them, and says how far it has come. */
export async function reconcileS3ImportSource(
  key: ObjectKey,
  deps: S3ImportSourceDeps,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const cached = deps.sources.get(key);
  if (cached === undefined || cached.metadata.deletionTimestamp !== undefined) {
    deps.memories.delete(formatKey(key));
    return {};
  }
  const memory = deps.memories.get(formatKey(key)) ?? createSourceMemory();
  deps.memories.set(formatKey(key), memory);
  const source = freshest(cached, memory.lastWrite);
  if (source === cached) memory.lastWrite = undefined;
  const facts = await gatherImport(source, deps, signal);
  const patienceMs = patienceWithStore(facts, memory);
  if (patienceMs > 0) return { requeueAfterMs: patienceMs };
  const { preflight, progress } = await advance(facts, memory, deps, signal);
  const { untoldMs, conditions } = await report(facts, { preflight, progress, memory }, deps, signal);
  const usual =
    progress === undefined
      ? {}
      : {
          requeueAfterMs: Math.min(
            nextLookMs(progress, facts.nowMs, deps.progressMs ?? usualProgressMs),
            untoldMs,
          ),
        };
  return settle(findImportGates(preflight, progress), usual, conditions);
}

/** A store that this process has not opened by then is worth a word. */
const openingMs = 30_000;

/**
 * For so long nothing is said of a source whose store is about to be opened, as after each change of the leader: what
 * its status says still holds, and thousands of sources would turn from Ready and back.
 */
function patienceWithStore(facts: ImportFacts, memory: SourceMemory): number {
  if (!isStoreOpening(facts)) memory.openingSince = undefined;
  else memory.openingSince ??= facts.nowMs;
  return memory.openingSince === undefined ? 0 : memory.openingSince + openingMs - facts.nowMs;
}

interface Looked {
  readonly preflight: readonly Finding[];
  /** Absent: the source could not be worked on. */
  readonly progress: ImportProgress | undefined;
}

/** A store that fails in the middle of the work is a dependency that is not ready. */
async function advance(
  facts: ImportFacts,
  memory: SourceMemory,
  deps: S3ImportSourceDeps,
  signal: AbortSignal,
): Promise<Looked> {
  const preflight = runPreflight(facts);
  const ready = readyFacts(facts, preflight);
  if (ready === undefined) {
    await haltImport(facts, preflight, deps, signal);
    return { preflight, progress: undefined };
  }
  try {
    return { preflight, progress: await advanceImport(ready, memory, deps, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isStoreError(error)) throw error;
    const name = facts.source.spec.storeRef.name;
    const message = `EventStore ${name} failed: ${tellError(error)}`;
    const failure = failed('ResolvedRefs', 'DependencyNotReady', message);
    return { preflight: gatesUntil(preflight, failure), progress: undefined };
  }
}

interface Reported {
  /** Until counters that were held back are due; Infinity: none was. */
  readonly untoldMs: number;
  /** As they stand now. */
  readonly conditions: S3ImportSourceStatus['conditions'];
}

async function report(
  { source, connection }: ImportFacts,
  { memory, ...looked }: Looked & { readonly memory: SourceMemory },
  { client, clock, recorder, progressMs = usualProgressMs }: S3ImportSourceDeps,
  signal: AbortSignal,
): Promise<Reported> {
  const nowMs = clock.now();
  const dueMs = (memory.progressWrittenAt ?? -Infinity) + progressMs - nowMs;
  const input = { source, connection, ...looked, digestOfKey: (key: string) => digestOf([key]), nowMs };
  const whole = deriveImportStatus({ ...input, keepProgress: false });
  const status = dueMs > 0 ? deriveImportStatus({ ...input, keepProgress: true }) : whole;
  const written = await reportStatus(
    { client, recorder, signal },
    resourceTypes.s3ImportSources,
    source,
    status,
  );
  const isWhole = isDeepStrictEqual(status, whole);
  if (written !== undefined) memory.lastWrite = noteWrite(source, written, memory.lastWrite);
  if (written !== undefined) tellFiles(recorder, source, status.files);
  if (written !== undefined && isWhole) memory.progressWrittenAt = nowMs;
  return { untoldMs: isWhole ? Infinity : dueMs, conditions: status.conditions };
}

/** While a run is under way its progress is looked at as often as it is written; else the next listing decides. */
function nextLookMs({ plan, listing }: ImportProgress, nowMs: number, progressMs: number): number {
  const listingMs = nextListingMs(listing);
  switch (plan.kind) {
    case 'end':
      return 0;
    case 'stop':
      return goneMs;
    case 'wait':
      return Math.min(listingMs, plan.untilMs - nowMs);
    case 'start':
    case 'keep':
    case 'resize':
      return Math.min(listingMs, progressMs / 3);
    case 'none':
      return Math.min(listingMs, idleMs);
  }
}

function nextListingMs(listing: ImportProgress['listing']): number {
  return listing !== undefined && !('error' in listing) ? listing.nextInMs : Infinity;
}

/** A deleted Job wakes its source by itself; this is for a deletion that is slow to be seen. */
const goneMs = 2_000;

const idleMs = 10 * 60_000;
