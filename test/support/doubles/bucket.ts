import { Readable } from 'node:stream';
import { compareUtf8 } from './compare-utf8.ts';
import type {
  ListedObject,
  ListRequest,
  ObjectAddress,
  ObjectHead,
  ObjectPage,
  ObjectStore,
  OpenedObject,
  OpenRequest,
} from '../../../lib/aws/object-store.ts';
import { TerminalError } from '../../../lib/errors.ts';
import { listedObject } from '../builders/ledger.ts';

/** A bucket in memory, with ETags that its writer chooses. */
export interface Bucket extends ObjectStore {
  put(key: string, object?: Partial<ListedObject> & { readonly body?: string }): void;
  delete(key: string): void;
  /** Thrown by the calls that follow, one after the other. */
  failNext(...errors: readonly Error[]): void;
  /** So many calls of each kind were made. */
  readonly calls: { listPage: number; head: number; open: number };
  /** Bodies that were opened and are neither read to their end nor destroyed. */
  readonly openBodies: number;
}

interface Stored {
  readonly listed: ListedObject;
  readonly body: string;
}

export function createBucket(options: { readonly pageSize?: number } = {}): Bucket {
  return new MemoryBucket(options.pageSize ?? 1000);
}

class MemoryBucket implements Bucket {
  readonly calls = { listPage: 0, head: 0, open: 0 };
  openBodies = 0;
  readonly #pageSize: number;
  readonly #objects = new Map<string, Stored>();
  readonly #failures: Error[] = [];

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  put(key: string, { body = '', ...changes }: Parameters<Bucket['put']>[1] = {}): void {
    const listed = listedObject(key, changes);
    this.#objects.set(key, { listed, body });
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  failNext(...errors: readonly Error[]): void {
    this.#failures.push(...errors);
  }

  async listPage({ prefix, startAfter }: ListRequest, signal: AbortSignal): Promise<ObjectPage> {
    this.calls.listPage += 1;
    this.#begin(signal);
    const behind = [...this.#objects.values()]
      .map(({ listed }) => listed)
      .filter(({ key }) => key.startsWith(prefix))
      .filter(({ key }) => startAfter === undefined || compareUtf8(key, startAfter) > 0)
      .toSorted((a, b) => compareUtf8(a.key, b.key));
    const objects = behind.slice(0, this.#pageSize);
    const truncated = behind.length > objects.length;
    return { objects, truncated, nextStartAfter: truncated ? objects.at(-1)?.key : undefined };
  }

  async head(address: ObjectAddress, signal: AbortSignal): Promise<ObjectHead> {
    this.calls.head += 1;
    this.#begin(signal);
    return headOf(this.#pinned(address).listed);
  }

  async open(request: OpenRequest, signal: AbortSignal): Promise<OpenedObject> {
    this.calls.open += 1;
    this.#begin(signal);
    const object = this.#pinned(request);
    const body = Readable.from([Buffer.from(object.body)]);
    this.openBodies += 1;
    body.once('close', () => {
      this.openBodies -= 1;
    });
    return { ...headOf(object.listed), body };
  }

  close(): void {
    this.#objects.clear();
  }

  #begin(signal: AbortSignal): void {
    signal.throwIfAborted();
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
  }

  #pinned({ key, etag }: ObjectAddress): Stored {
    const object = this.#objects.get(key);
    if (object === undefined) {
      throw new TerminalError({ reason: 'ObjectNotFound', message: 'The object is not in the bucket.' });
    }
    if (etag !== undefined && etag !== object.listed.etag) {
      throw new TerminalError({ reason: 'ObjectChangedDuringRead', message: 'The object was overwritten.' });
    }
    return object;
  }
}

function headOf({ etag, size, lastModified, storageClass }: ListedObject): ObjectHead {
  const unknown = { contentEncoding: undefined, contentType: undefined };
  return { etag, size, lastModified, storageClass, versionId: `version of ${etag}`, ...unknown };
}
