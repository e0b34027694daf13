import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '../../json.ts';
import type { Properties, PropertyStep } from './apply-property-operations.ts';

/** What happened to one property of a subject; an absent side means that there was no such property. */
export interface PropertyChange {
  readonly property: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  /** Set when nothing but `$add` did it: such a change can be taken back even under later ones. */
  readonly added?: number;
}

/** The differences that `steps` made between `before` and `after`. */
export function diffProperties(
  before: Properties,
  after: Properties,
  steps: readonly PropertyStep[],
): readonly PropertyChange[] {
  const otherThanAdd = new Set(steps.filter((step) => step.operator !== '$add').map((step) => step.property));
  const touched = new Set(steps.map((step) => step.property));
  return [...touched].flatMap((property) => {
    const was = before.get(property);
    const is = after.get(property);
    if (isDeepStrictEqual(was, is)) return [];
    const sides = {
      ...(was === undefined ? {} : { before: was }),
      ...(is === undefined ? {} : { after: is }),
    };
    const delta = otherThanAdd.has(property) || typeof is !== 'number' ? undefined : is - Number(was ?? 0);
    return [{ property, ...sides, ...(delta === undefined ? {} : { added: delta }) }];
  });
}

/**
 * Takes changes back, the newest first. A property that somebody has changed since keeps what it has, but for
 * sums: there only the added part goes.
 */
export function revertProperties(current: Properties, newestFirst: readonly PropertyChange[]): Properties {
  const reverted = new Map(current);
  for (const change of newestFirst) {
    const is = reverted.get(change.property);
    if (isDeepStrictEqual(is, change.after)) {
      if (change.before === undefined) reverted.delete(change.property);
      else reverted.set(change.property, change.before);
    } else if (change.added !== undefined && typeof is === 'number') {
      reverted.set(change.property, is - change.added);
    }
  }
  return reverted;
}
