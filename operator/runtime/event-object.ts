import { toMicroTime } from './micro-time.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';

export const eventType: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** Who tells. */
export interface EventSource {
  /** Qualified, e.g. `millrace.dev/controller`. */
  readonly controller: string;
  /** The pod's name, or the like. */
  readonly instance: string;
}

export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning';
  /** Why, as one word for machines, e.g. `BucketNotFound`. */
  readonly reason: string;
  /** What was being done, e.g. `ProbeBucket`. */
  readonly action: string;
  /** For people. */
  readonly note: string;
  /** The object; with apiVersion, kind and uid. */
  readonly regarding: KubernetesObject;
  readonly related?: KubernetesObject;
}

export interface EventSeries {
  readonly event: RecordedEvent;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
}

interface EventObject extends KubernetesObject {
  readonly [field: string]: unknown;
}

/** Limits of the API. */
const MAX_NOTE = 1_024;
const MAX_WORD = 128;

export function buildEvent(source: EventSource, series: EventSeries): EventObject {
  const { event } = series;
  return {
    metadata: { name: series.name, namespace: event.regarding.metadata.namespace ?? 'default' },
    eventTime: toMicroTime(series.firstAt),
    reportingController: source.controller,
    reportingInstance: source.instance.slice(0, MAX_WORD),
    type: event.type,
    reason: event.reason.slice(0, MAX_WORD),
    action: event.action.slice(0, MAX_WORD),
    note: cutToBytes(event.note, MAX_NOTE),
    regarding: referenceTo(event.regarding),
    ...(event.related === undefined ? {} : { related: referenceTo(event.related) }),
    ...(series.count > 1 ? seriesPatch(series) : {}),
  };
}

/** The merge patch that lets an event that is there count on. */
export function seriesPatch(series: EventSeries): { readonly series: Readonly<Record<string, unknown>> } {
  return { series: { count: series.count, lastObservedTime: toMicroTime(series.lastAt) } };
}

function referenceTo(object: KubernetesObject) {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion };
}

/** The API counts bytes. A character is never cut in two. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const ellipsis = '…';
  const room = maxBytes - Buffer.byteLength(ellipsis);
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(room));
  return `${text.slice(0, read)}${ellipsis}`;
}
