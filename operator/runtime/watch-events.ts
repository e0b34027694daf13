import { TransientError } from '../../lib/errors.ts';
import { isJsonObject, type JsonValue } from '../../lib/json.ts';
import { apiReasons, errorOfAnswer } from './api-error.ts';
import type { KubernetesObject } from './objects.ts';
import type { ApiStream } from './transport.ts';

/** `version` is where a watch may go on from. A bookmark carries only that: so far nothing has been missed. */
export type WatchEvent<T> =
  | { readonly kind: 'Added' | 'Modified' | 'Deleted'; readonly object: T; readonly version: string }
  | { readonly kind: 'Bookmark'; readonly version: string };

const changeKinds = { ADDED: 'Added', MODIFIED: 'Modified', DELETED: 'Deleted' } as const;

/**
 * Throws if the watch was refused. The events then throw what an ERROR event says (410: the version is too old), and
 * TransientError on a line that is cut or is no watch event.
 */
export async function readWatchEvents<T extends KubernetesObject>(
  subject: string,
  stream: ApiStream,
  nowMs: number,
): Promise<AsyncIterable<WatchEvent<T>>> {
  if (stream.status < 300) return eventsOf<T>(subject, stream, nowMs);
  let body: unknown;
  for await (const line of stream.lines) body = parse(line);
  throw errorOfAnswer(subject, { status: stream.status, headers: stream.headers, body }, nowMs);
}

async function* eventsOf<T extends KubernetesObject>(
  subject: string,
  stream: ApiStream,
  nowMs: number,
): AsyncGenerator<WatchEvent<T>> {
  for await (const line of stream.lines) {
    const event = parse(line);
    if (!isJsonObject(event) || !isJsonObject(event['object'])) throw unreadable(subject);
    const { type, object } = event;
    if (type === 'ERROR') {
      throw errorOfAnswer(subject, { status: codeOf(object), headers: {}, body: object }, nowMs);
    }
    // Without a version the watch could not go on from here without a gap.
    const version = versionOf(object);
    if (version === '') throw unreadable(subject);
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        yield { kind: changeKinds[type], object: object as unknown as T, version };
        break;
      case 'BOOKMARK':
        yield { kind: 'Bookmark', version };
        break;
      default:
        throw unreadable(subject);
    }
  }
}

function versionOf(object: Readonly<Record<string, JsonValue>>): string {
  const { metadata } = object;
  const version = isJsonObject(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' ? version : '';
}

function codeOf(status: JsonValue): number {
  const code = isJsonObject(status) ? status['code'] : undefined;
  return typeof code === 'number' ? code : 500;
}

/** Undefined where the text is no JSON. */
function parse(line: string): JsonValue | undefined {
  try {
    return JSON.parse(line) as JsonValue;
  } catch {
    return undefined;
  }
}

function unreadable(subject: string): TransientError {
  const message = `${subject}: a line of the watch is cut short or is no watch event`;
  return new TransientError({ reason: apiReasons.unavailable, message });
}
