import type { Manifest } from '../manifests.ts';

/** What the API server makes of one manifest, or of a change from one to another. */
export interface CrdCase {
  /** A sentence. Unique. */
  readonly name: string;
  readonly object: Manifest;
  /** Applied over the object by the same manager: what it leaves out is taken away. */
  readonly update?: Manifest;
  /** Of the last of the two; the one before is accepted. */
  readonly expect: Expectation;
}

export type Expectation =
  | {
      readonly kind: 'accepted';
      /** Values that are then in the object, by path: what defaults fill in, and what pruning leaves. */
      readonly values?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'refused';
      /** As the answer's causes name it. */
      readonly field: string;
      /** A part of the cause's message, long enough to tell it from others. */
      readonly message: string;
    };

export const accepted: Expectation = { kind: 'accepted' };

export function acceptedWith(values: Readonly<Record<string, unknown>>): Expectation {
  return { kind: 'accepted', values };
}

export function refused(field: string, message: string): Expectation {
  return { kind: 'refused', field, message };
}
