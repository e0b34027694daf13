import { reasonsAt } from '../../crds/reasons.ts';
import type { ObjectStore } from '../../lib/aws/object-store.ts';
import { messageOf, reasonOf } from '../../lib/errors.ts';
import type { Conversion, Outcome, RowOrigin } from '../../worker/conversions/conversion.ts';
import type { RecordItem } from '../../worker/formats/format.ts';
import { readRecords } from '../../worker/formats/read-records.ts';
import { openObjectFile } from '../open-object.ts';
import type { OpenedSource } from './open-source.ts';
import { settingsOf } from './source-files.ts';

/** What would become of one file. */
export interface FileForecast {
  readonly key: string;
  readonly rows: number;
  readonly events: number;
  readonly skipped: number;
  readonly rejected: number;
  /** The file as a whole cannot be read: the import would give it up, with none of its rows. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
}

/** Rows that become no event for alike reasons. */
export interface ReasonForecast {
  readonly kind: 'skip' | 'reject';
  readonly rows: number;
  /** Of the first of them, with its own values. */
  readonly reason: string;
  readonly key: string;
  readonly row: number;
}

/** More kinds of reasons than a person reads; what comes behind is counted in the files alone. */
const mostReasons = 100;

/** Does to files what the import does, stores nothing, and keeps count of why rows become no event. */
export class DryRun {
  readonly #opened: OpenedSource;
  readonly #conversion: Conversion;
  readonly #objects: ObjectStore;
  readonly #reasons = new Map<string, ReasonForecast>();

  constructor(opened: OpenedSource, conversion: Conversion, objects: ObjectStore) {
    this.#opened = opened;
    this.#conversion = conversion;
    this.#objects = objects;
  }

  /** The most frequent first. */
  reasons(): readonly ReasonForecast[] {
    return [...this.#reasons.values()].toSorted((a, b) => b.rows - a.rows);
  }

  /** Errors: those that are not the file's own. */
  async readFile(key: string, signal: AbortSignal): Promise<FileForecast> {
    const counts = { event: 0, skip: 0, reject: 0 };
    const forecast = (failure: FileForecast['failure']): FileForecast => ({
      key,
      rows: counts.event + counts.skip + counts.reject,
      events: counts.event,
      skipped: counts.skip,
      rejected: counts.reject,
      failure,
    });
    try {
      const { source } = this.#opened;
      const { bucket } = source.spec;
      const settings = settingsOf(source);
      const address = { bucket, key, format: settings.format };
      const { file, version } = await openObjectFile(this.#objects, address, signal);
      const origin = { bucket, key, version };
      for await (const items of readRecords(file, settings, signal)) {
        for (const item of items) counts[this.#outcomeOf(item, origin).kind] += 1;
      }
      return forecast(undefined);
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonsAt('File', 'S3ImportSource').find((one) => one === reasonOf(error));
      if (reason === undefined) throw error;
      return forecast({ reason, message: messageOf(error) });
    }
  }

  #outcomeOf(item: RecordItem, origin: Omit<RowOrigin, 'row'>): Outcome {
    const { row } = item;
    const outcome: Outcome =
      item.kind === 'reject'
        ? { kind: 'reject', reason: item.reason }
        : this.#conversion.convert(item.record, { ...origin, row });
    if (outcome.kind !== 'event') this.#note(outcome, origin.key, row);
    return outcome;
  }

  #note({ kind, reason }: Exclude<Outcome, { kind: 'event' }>, key: string, row: number): void {
    const alike = `${kind} ${withoutValues(reason)}`;
    const known = this.#reasons.get(alike);
    if (known === undefined && this.#reasons.size === mostReasons) return;
    this.#reasons.set(alike, { kind, reason, key, row, ...known, rows: (known?.rows ?? 0) + 1 });
  }
}

/** Values stand between quotes, or are numbers. */
function withoutValues(reason: string): string {
  return reason.replaceAll(/"(?:[^"\\]|\\.)*"|\d+/gu, '…');
}
