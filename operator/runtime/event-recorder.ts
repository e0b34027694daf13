/**
 * Kubernetes events (events.k8s.io/v1): what a person sees under `kubectl describe`. Recording never waits and never
 * fails; events are written in the background, one after the other.
 *
 * - The same event again within 10 minutes becomes a series: the count of the one there is.
 * - More than 10 events that differ in their note alone, within 10 minutes, are combined into one.
 * - Of an object and reason 25 writes may come at once, then one in 5 minutes; the counts of a series go on meanwhile.
 */

import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { ApiClient } from './api-client.ts';
import { isAlreadyExists, isNotFound } from './api-error.ts';
import { endsWithin } from './deadline.ts';
import { buildEvent, eventType, seriesPatch, type EventSource, type RecordedEvent } from './event-object.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

export interface EventRecorder {
  record(event: RecordedEvent): void;
  /** Resolves when all that was recorded so far is written or given up, or after `patienceMs` at the latest. */
  flush(patienceMs?: number): Promise<void>;
}

export interface EventRecorderDeps {
  readonly client: Pick<ApiClient, 'create' | 'patch'>;
  readonly clock: Clock;
  /** Uniform in [0, 1); names of events. */
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Pick<RuntimeMetrics, 'eventsEmitted' | 'eventsDropped'>;
  /** Takes secrets out of notes. */
  readonly redact: (text: string) => string;
}

const WINDOW_MS = 10 * 60_000;
const ALIKE_LIMIT = 10;
const BURST = 25;
const REFILL_MS = 5 * 60_000;
const MAX_SERIES = 4_096;
const MAX_UNWRITTEN = 1_000;
const WRITE_DEADLINE_MS = 10_000;
const FLUSH_MS = 5_000;
const COMBINED = '(combined from similar events): ';

/** One event object in the API, and what is known of it here. */
interface Series {
  readonly event: RecordedEvent;
  readonly name: string;
  readonly firstAt: number;
  lastAt: number;
  /** On the monotonic clock. */
  seenAt: number;
  count: number;
  /** Zero: not written yet. */
  writtenCount: number;
}

interface Alike {
  readonly notes: Set<string>;
  seenAt: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

export function createEventRecorder(source: EventSource, deps: EventRecorderDeps): EventRecorder {
  return new Recorder(source, deps);
}

class Recorder implements EventRecorder {
  readonly #source: EventSource;
  readonly #deps: EventRecorderDeps;
  /** The least recently seen first, here and below. */
  readonly #series = new Map<string, Series>();
  readonly #alike = new Map<string, Alike>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #unwritten = new Set<Series>();
  #writing: Promise<void> | undefined;

  constructor(source: EventSource, deps: EventRecorderDeps) {
    this.#source = source;
    this.#deps = deps;
  }

  record(recorded: RecordedEvent): void {
    const event = this.#combined({ ...recorded, note: this.#deps.redact(recorded.note) });
    const series = this.#seriesOf(event);
    if (this.#unwritten.has(series)) return;
    if (!this.#mayWrite(event) || this.#unwritten.size >= MAX_UNWRITTEN) {
      this.#deps.metrics.eventsDropped.inc(labelsOf(event));
      return;
    }
    this.#unwritten.add(series);
    this.#writing ??= this.#writeAll();
  }

  async flush(patienceMs = FLUSH_MS): Promise<void> {
    if (await endsWithin(patienceMs, this.#deps.clock, this.#written())) return;
    this.#deps.log.warn('events left unwritten', { events: this.#unwritten.size + 1 });
  }

  async #written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** The event itself, or the one that stands for all that are like it. */
  #combined(event: RecordedEvent): RecordedEvent {
    const now = this.#deps.clock.monotonic();
    const key = alikeKey(event);
    const known = this.#alike.get(key);
    const alike =
      known !== undefined && now - known.seenAt < WINDOW_MS
        ? known
        : { notes: new Set<string>(), seenAt: now };
    alike.seenAt = now;
    if (alike.notes.size <= ALIKE_LIMIT) alike.notes.add(event.note);
    touch(this.#alike, key, alike);
    return alike.notes.size > ALIKE_LIMIT ? { ...event, note: `${COMBINED}${event.note}` } : event;
  }

  #seriesOf(event: RecordedEvent): Series {
    const { clock } = this.#deps;
    const key = event.note.startsWith(COMBINED)
      ? `${alikeKey(event)} ${COMBINED}`
      : `${alikeKey(event)} ${event.note}`;
    const known = this.#series.get(key);
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    if (known !== undefined && monotonic - known.seenAt < WINDOW_MS) {
      known.count += 1;
      known.lastAt = now;
      known.seenAt = monotonic;
      touch(this.#series, key, known);
      return known;
    }
    const series: Series = {
      event,
      name: this.#nameFor(event, now),
      firstAt: now,
      lastAt: now,
      seenAt: monotonic,
      count: 1,
      writtenCount: 0,
    };
    touch(this.#series, key, series);
    return series;
  }

  #mayWrite(event: RecordedEvent): boolean {
    const now = this.#deps.clock.monotonic();
    const key = `${event.regarding.metadata.uid} ${event.reason}`;
    const bucket = this.#buckets.get(key) ?? { tokens: BURST, filledAt: now };
    const refills = Math.floor((now - bucket.filledAt) / REFILL_MS);
    bucket.tokens = Math.min(BURST, bucket.tokens + refills);
    bucket.filledAt += refills * REFILL_MS;
    touch(this.#buckets, key, bucket);
    if (bucket.tokens === 0) return false;
    bucket.tokens -= 1;
    return true;
  }

  async #writeAll(): Promise<void> {
    for (const series of this.#unwritten) {
      this.#unwritten.delete(series);
      const labels = labelsOf(series.event);
      try {
        await this.#write(series);
        this.#deps.metrics.eventsEmitted.inc(labels);
      } catch (error) {
        this.#deps.metrics.eventsDropped.inc(labels);
        this.#deps.log.warn('event not written', { error, reason: series.event.reason });
      }
    }
    this.#writing = undefined;
  }

  async #write(series: Series): Promise<void> {
    const { count } = series;
    if (series.writtenCount === 0) await this.#create(series);
    else {
      try {
        await this.#continue(series);
      } catch (error) {
        // The API server keeps events for an hour.
        if (!isNotFound(error)) throw error;
        await this.#create(series);
      }
    }
    series.writtenCount = count;
  }

  async #create(series: Series): Promise<void> {
    const object = buildEvent(this.#source, series);
    try {
      await this.#deps.client.create(eventType, object, { deadlineMs: WRITE_DEADLINE_MS });
    } catch (error) {
      // The answer of an earlier try got lost.
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #continue(series: Series): Promise<void> {
    const { namespace = 'default' } = series.event.regarding.metadata;
    const key = { namespace, name: series.name };
    const body = { kind: 'merge', patch: seriesPatch(series) } as const;
    await this.#deps.client.patch(eventType, key, body, { deadlineMs: WRITE_DEADLINE_MS });
  }

  #nameFor(event: RecordedEvent, nowMs: number): string {
    const unique = Math.floor(this.#deps.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
    return `${(event.regarding.metadata.name ?? '').slice(0, 200)}.${nowMs.toString(16)}${unique}`;
  }
}

function labelsOf(event: RecordedEvent) {
  return { type: event.type, reason: event.reason };
}

/** What events have in common that differ in their note alone. */
function alikeKey({ type, reason, action, regarding, related }: RecordedEvent): string {
  return [type, reason, action, regarding.metadata.uid, related?.metadata.uid ?? ''].join(' ');
}

/** Sets the entry as the most recently seen one, and forgets the least recently seen beyond the limit. */
function touch<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next().value;
  if (map.size > MAX_SERIES && oldest !== undefined) map.delete(oldest);
}
