import type { JsonObject, JsonValue } from '../json.ts';

/** What a converter makes of one record. */
export type Conversion =
  | { readonly kind: 'output'; readonly output: JsonObject }
  /** The converter's `ignoreEventFlag` is true for this record: not an error. */
  | { readonly kind: 'skip'; readonly reason: string }
  /** The record asks for more work than one record may cost. */
  | { readonly kind: 'reject'; readonly reason: string };

/** A compiled `convertToAmplitudeFunc`: pure, never throws, keeps nothing between records. */
export interface Converter {
  /** Names of the output's fields, without the one that `ignoreEventFlag` names. */
  readonly fields: readonly string[];
  /** `now` is in milliseconds since the epoch; parts of the output may be parts of the record: copy before changing. */
  convert(record: JsonValue, at: { readonly now: number }): Conversion;
}

/** One thing that is wrong with a converter. */
export interface LoadError {
  /** JSON path in the document, e.g. `convertToAmplitudeFunc.time[1]`. */
  readonly path: string;
  /** Names the value and the way out. */
  readonly message: string;
}

/** What a whole Amplitude document says beside the conversion; undefined where it is silent. */
export interface DocumentSettings {
  readonly name: string | undefined;
  readonly fileType: 'json' | 'csv' | 'parquet' | undefined;
  readonly compressionType: 'none' | 'gzip' | undefined;
  /** A regular expression of `lib/pattern.ts`, known to compile. */
  readonly filterPattern: string | undefined;
}

export type CompiledConverter =
  | { readonly kind: 'compiled'; readonly converter: Converter; readonly settings: DocumentSettings }
  | { readonly kind: 'invalid'; readonly errors: readonly LoadError[] };
