import type { ListedObject, ObjectStore } from '../../lib/aws/object-store.ts';
import type { Discovery, FoundPage, ListingPass, ListingState } from '../../lib/store/types.ts';
import { selectObject } from './selection.ts';

export interface ListingInput {
  readonly sourceId: number;
  readonly epoch: number;
  /** Of the conversion that files found now are bound to. */
  readonly generation: number;
  readonly bucket: string;
  readonly prefix: string;
  readonly matches: (key: string) => boolean;
  /** Between the end of one pass and the begin of the next. */
  readonly intervalMs: number;
  /** A person asked for a look now. */
  readonly requested: boolean;
  readonly nowMs: number;
}

export interface ListingDeps {
  readonly objects: ObjectStore;
  readonly discovery: Discovery;
}

export interface ListingResult {
  readonly state: ListingState;
  /** Until the next look is due; 0: the pass goes on. */
  readonly nextInMs: number;
}

/**
 * Pages of one call: ten thousand keys, some seconds. What is left goes on at the next reconcile, from where the
 * ledger says, so that a restart loses nothing and other sources have their turn.
 */
const pagesPerCall = 10;

/**
 * Looks at the bucket if it is time to: every key below the prefix, in pages, each recorded in the ledger before
 * the next is asked for. There is no high-water mark: a key that sorts before all others is found as any other.
 */
export async function listObjects(
  input: ListingInput,
  deps: ListingDeps,
  signal: AbortSignal,
): Promise<ListingResult> {
  const { sourceId, epoch } = input;
  const before = await deps.discovery.listingState(sourceId);
  const waitMs = nextPassInMs(before, input);
  if (waitMs > 0) return { state: before, nextInMs: waitMs };
  const pass = await deps.discovery.beginPass(sourceId, 'full', { epoch });
  const finished = await listPages(input, pass, deps, signal);
  if (finished) await deps.discovery.finishPass(sourceId, pass.pass, { epoch });
  const state = await deps.discovery.listingState(sourceId);
  return { state, nextInMs: finished ? input.intervalMs : 0 };
}

function nextPassInMs(state: ListingState, input: ListingInput): number {
  if (state.current !== undefined || state.lastFinishedAt === undefined || input.requested) return 0;
  return Math.max(0, state.lastFinishedAt + input.intervalMs - input.nowMs);
}

/** True when the last page was reached. */
async function listPages(
  input: ListingInput,
  pass: ListingPass,
  deps: ListingDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const { bucket, prefix } = input;
  let { startAfter } = pass;
  for (let count = 0; count < pagesPerCall; count += 1) {
    const page = await deps.objects.listPage({ bucket, prefix, startAfter }, signal);
    if (page.objects.length > 0) {
      const found = describePage(page.objects, { input, pass: pass.pass, startAfter });
      await deps.discovery.recordFound(input.sourceId, found);
    }
    if (page.nextStartAfter === undefined) return true;
    startAfter = page.nextStartAfter;
  }
  return false;
}

function describePage(
  objects: readonly ListedObject[],
  at: { readonly input: ListingInput; readonly pass: number; readonly startAfter: string | undefined },
): FoundPage {
  const { generation, epoch, matches } = at.input;
  const selections = objects.map((object) => selectObject(object, matches));
  return {
    objects: objects.filter((_, index) => selections[index] === 'file'),
    generation,
    epoch,
    foundBy: 'listing',
    progress: {
      pass: at.pass,
      lastKey: objects.findLast(({ key }) => isStorable(key))?.key ?? at.startAfter ?? '',
      seen: objects.length,
      ignored: selections.filter((selection) => selection === 'other-name').length,
    },
  };
}

/** PostgreSQL has no place for such a key: a pass that was interrupted goes on behind the last one that it can hold. */
function isStorable(key: string): boolean {
  return !key.includes('\0');
}
