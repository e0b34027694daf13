import type { Clock } from '../../lib/clock.ts';
import type { EventCall } from '../../lib/contract/event.ts';
import type { JsonObject, JsonValue } from '../../lib/json.ts';

/** Where a record stands; the same origin always gives the same derived `insert_id`. */
export interface RowOrigin {
  readonly bucket: string;
  readonly key: string;
  /** Version id of the object, or its ETag where the bucket has no versions. */
  readonly version: string;
  /** Counts from 1. */
  readonly row: number;
}

/** What became of one record. Data never makes a conversion throw. */
export type Outcome =
  | { readonly kind: 'event'; readonly event: EventCall }
  /** Left out on purpose, by the user's own rule: not an error. */
  | { readonly kind: 'skip'; readonly reason: string }
  /** `column` is the field of the event that cannot be, absent when it is the record as a whole. */
  | { readonly kind: 'reject'; readonly column?: string; readonly reason: string };

export interface Conversion {
  convert(record: JsonValue, origin: RowOrigin): Outcome;
}

/** What is wrong with the configuration of a conversion. */
export interface ConfigurationError {
  /** Of the configuration, e.g. `convertToAmplitudeFunc.time[1]`. */
  readonly path: string;
  /** Names the value and the way out. */
  readonly message: string;
}

type OpenedConversion =
  | {
      readonly kind: 'opened';
      readonly conversion: Conversion;
      /** What works but is likely not what was meant, with the way out. */
      readonly warnings: readonly ConfigurationError[];
    }
  /** All errors at once, not the first one only. */
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigurationError[] };

/** What a line of the registry holds. */
export interface ConversionKind {
  /** `configuration` is what stands under `spec.conversion.<name>` or in the ConfigMap that it names. */
  open(configuration: JsonObject, deps: ConversionDeps): OpenedConversion;
}

export interface ConversionDeps {
  readonly clock: Pick<Clock, 'now'>;
}
