/**
 * Every reason that a condition, an event or a failed file may have. A reason is API: it is never renamed within a
 * version. Each has a page `docs/runbook/<Reason>.md`. The documentation and the cures in status are made from it.
 */

import type { Kind } from './names.ts';
import { fileReasons } from './reasons/files.ts';
import { identityReasons } from './reasons/identity.ts';
import { lifeCycleReasons } from './reasons/life-cycle.ts';
import { localModeReasons } from './reasons/local-mode.ts';
import { referenceReasons } from './reasons/references.ts';
import { storageReasons } from './reasons/storage.ts';
import { storeReasons } from './reasons/store.ts';
import { workerReasons } from './reasons/workers.ts';
import type { ReasonEntry, ReasonPlace } from './reasons/entry.ts';

export type { ReasonClass, ReasonEntry, ReasonPlace } from './reasons/entry.ts';

export const reasons = Object.freeze({
  ...lifeCycleReasons,
  ...referenceReasons,
  ...identityReasons,
  ...storageReasons,
  ...storeReasons,
  ...workerReasons,
  ...fileReasons,
  ...localModeReasons,
}) satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof reasons;

export const reasonNames = Object.keys(reasons) as readonly Reason[];

/** What the table says of a word; undefined for one that is not in it. */
export function findReason(word: string): ReasonEntry | undefined {
  return Object.hasOwn(reasons, word) ? reasons[word as Reason] : undefined;
}

/** The page that tells more, relative to the root of the project. */
export function runbookPage(reason: Reason): string {
  return `docs/runbook/${reason}.md`;
}

/** The reasons that may arise at a place, on objects of a kind. */
export function reasonsAt(place: ReasonPlace, kind: Kind): readonly Reason[] {
  return reasonNames.filter((name) => {
    const entry: ReasonEntry = reasons[name];
    return entry.on.includes(place) && entry.kinds.includes(kind);
  });
}
