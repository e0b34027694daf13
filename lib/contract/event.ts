import type { JsonObject } from '../json.ts';

/**
 * What a conversion makes of one record, and what a destination stores.
 * Shape: an event as Amplitude's HTTP V2 API takes it, its fields checked (`worker/conversions/amplitude/`).
 */
export interface EventCall {
  /** `$identify` and `$groupidentify` change properties; any other event type is `event`. */
  readonly kind: 'event' | 'identify' | 'groupidentify';
  /** The whole checked event, `insert_id` and `$skip_user_properties_sync` always set. Stored as it is. */
  readonly body: JsonObject;
  readonly eventType: string;
  /** At least one of the two ids, except for `groupidentify`. */
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
  /** Given by the data, else derived from bucket, key, version and row. */
  readonly insertId: string;
  /** Epoch milliseconds; undefined: the time of upload. */
  readonly time: number | undefined;
}

/** A row of a file that could not become an event. */
export interface Reject {
  /** Counts from 1. */
  readonly row: number;
  /** Of the row's first byte in the decompressed stream. */
  readonly offset: number;
  readonly column: string | undefined;
  /** A sentence that names the value and the way out. */
  readonly reason: string;
  /** The raw text of the row, cut. */
  readonly raw: string;
}
