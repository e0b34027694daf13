import type { ListedObject, ObjectStore } from '../aws/object-store.ts';
import type { Discovery, FoundPage, ListingPass, ListingState } from '../store/types.ts';
import { planLook } from './plan-look.ts';
import { selectObject, tallyWordOf } from './selection.ts';

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
  /** A whole look that somebody asked for and that is not done yet. */
  readonly asked: AskedLook | undefined;
  readonly nowMs: number;
}

export interface AskedLook {
  /** The first pass that may answer it: one that was begun after it was asked for. Undefined: not known yet. */
  readonly fromPass: number | undefined;
}

export interface ListingDeps {
  readonly objects: ObjectStore;
  readonly discovery: Discovery;
}

export interface ListingResult {
  readonly state: ListingState;
  /** Until the next look is due; 0: there is more to look at now. */
  readonly nextInMs: number;
  /** What is left of the whole look that was asked for; undefined: nothing. */
  readonly asked: AskedLook | undefined;
}

/**
 * Pages of one call: ten thousand keys, some seconds. What is left goes on at the next reconcile, from where the
 * ledger says, so that a restart loses nothing and other sources have their turn.
 */
const pagesPerCall = 10;

/**
 * Looks at the bucket if it is time to, in pages, each recorded in the ledger before the next is asked for. There is
 * no high-water mark: a key that sorts before all others is found as any other, by the next whole pass.
 */
export async function listObjects(
  input: ListingInput,
  deps: ListingDeps,
  signal: AbortSignal,
): Promise<ListingResult> {
  const { sourceId, epoch, intervalMs, nowMs } = input;
  const before = await deps.discovery.listingState(sourceId);
  const asked = input.asked && { fromPass: input.asked.fromPass ?? firstPassAfter(before) };
  const plan = planLook(before, { intervalMs, nowMs, asked: asked !== undefined });
  if (plan.kind === 'wait') return { state: before, nextInMs: plan.ms, asked };
  const pass = await deps.discovery.beginPass(sourceId, plan.pass, { epoch });
  const finished = await listPages(input, pass, deps, signal);
  if (finished) await deps.discovery.finishPass(sourceId, pass.pass, { epoch });
  const state = await deps.discovery.listingState(sourceId);
  const left = finished && answers(pass, asked) ? undefined : asked;
  return { state, nextInMs: finished && left === undefined ? intervalMs : 0, asked: left };
}

/** A whole look that began after somebody asked for one. */
function answers(pass: ListingPass, asked: { readonly fromPass: number } | undefined): boolean {
  return pass.kind === 'full' && pass.pass >= (asked?.fromPass ?? 0);
}

/** A pass under way may have gone past a key that was put since. */
function firstPassAfter({ current }: ListingState): number {
  return current === undefined ? 0 : current.pass + 1;
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
  const selected = objects.map((object) => ({ object, selection: selectObject(object, matches) }));
  const tally: Record<string, number> = {};
  for (const { object, selection } of selected) {
    const word = tallyWordOf(selection, object.size);
    if (word !== undefined) tally[word] = (tally[word] ?? 0) + 1;
  }
  return {
    objects: selected.flatMap(({ object, selection }) => (selection === 'file' ? [object] : [])),
    generation,
    epoch,
    foundBy: 'listing',
    progress: {
      pass: at.pass,
      lastKey: objects.findLast(({ key }) => isStorable(key))?.key ?? at.startAfter ?? '',
      seen: objects.length,
      tally,
    },
  };
}

/** PostgreSQL has no place for such a key: a pass that was interrupted goes on behind the last one that it can hold. */
function isStorable(key: string): boolean {
  return !key.includes('\0');
}
