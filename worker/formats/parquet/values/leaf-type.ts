import type { JsonValue } from '../../../../lib/json.ts';

/** A whole number as it is stored: a bigint where a number would not be exact. */
export type Whole = number | bigint;

/**
 * How values of a column become JSON, by what is stored. The decoders of pages call it once for each value, with
 * bytes only lent: what is kept of them is a copy.
 */
export type LeafType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int'; readonly bits: 32 | 64; readonly toJson: (value: Whole) => JsonValue }
  | { readonly kind: 'float'; readonly bits: 32 | 64; readonly toJson: (value: number) => JsonValue }
  | {
      readonly kind: 'bytes';
      /** Bytes of each value; undefined where each says its own. */
      readonly size: number | undefined;
      readonly toJson: (bytes: Buffer, from: number, to: number) => JsonValue;
    };

/** The values of one page, in their order. */
export interface ValueDecoder {
  /** Fails as a damaged file when there is none left. */
  next(): JsonValue;
}

/** The values of a page as they are encoded: from here to the end of the bytes. */
export interface EncodedValues {
  readonly bytes: Buffer;
  readonly from: number;
  /** As the page's header has it: there are not more, and fewer where some are null. */
  readonly count: number;
}
