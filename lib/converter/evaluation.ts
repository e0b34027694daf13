import type { JsonValue } from '../json.ts';

/**
 * One evaluation of a converter over one record.
 *
 * `budget` bounds its cost: operators that build or search text or objects take their share before they work,
 * and once it is negative all give no value, so that the evaluation ends soon and the record is rejected.
 * (A converter of nested `replace_with` could otherwise turn a kilobyte into a terabyte.)
 */
export interface Evaluation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  budget: number;
}

/** Characters, items and comparisons that one record may cost; the largest honest event is under a million. */
export const budgetPerRecord = 8 * 1024 * 1024;

/** A compiled source description. `undefined` is "no value"; null is a value. */
export type Evaluate = (record: JsonValue, evaluation: Evaluation) => JsonValue | undefined;

/** Takes `cost` from the budget; false when that was too much. */
export function spend(evaluation: Evaluation, cost: number): boolean {
  evaluation.budget -= cost;
  return evaluation.budget >= 0;
}
