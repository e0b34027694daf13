import type { ObjectAddress, ObjectStore, OpenedObject } from '../../lib/aws/object-store.ts';
import { reasonOf, TransientError } from '../../lib/errors.ts';
import type { StoredFile } from '../formats/read-records.ts';

export interface WholeObjectDeps {
  readonly objects: Pick<ObjectStore, 'open'>;
  /** Repeats one call that failed for now; throws what it threw last when the patience is spent. */
  readonly retry: <T>(call: () => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/** An object of which etag and size are known since it was found. */
export interface KnownObject extends ObjectAddress {
  readonly size: number;
}

/** A connection that brought so many bytes is no sign that the next one will break. */
const progressBytes = 64 * 1024;

/** So many connections in a row may break without that, before the attempt at the file ends. */
const breaksInARow = 3;

/**
 * An object's bytes from the first to the last, over as many connections as it takes: where one breaks in the middle,
 * the next one goes on behind the last byte that came, pinned to the same content. So a file of many gigabytes is not
 * begun anew, and does not use up its attempts, because connections last shorter than it takes to read it.
 *
 * Errors: those of `open`; `ObjectReadFailed` when one connection after another breaks.
 */
export async function openWholeObject(
  object: KnownObject,
  deps: WholeObjectDeps,
  signal: AbortSignal,
): Promise<StoredFile> {
  const reader = new WholeObjectReader(object, deps, signal);
  return await reader.begin();
}

class WholeObjectReader {
  readonly #object: KnownObject;
  readonly #deps: WholeObjectDeps;
  readonly #signal: AbortSignal;
  #received = 0;
  #current: OpenedObject | undefined;

  constructor(object: KnownObject, deps: WholeObjectDeps, signal: AbortSignal) {
    this.#object = object;
    this.#deps = deps;
    this.#signal = signal;
  }

  async begin(): Promise<StoredFile> {
    const { contentEncoding } = await this.#connect();
    const bytes = this.#bytes();
    return {
      contentEncoding,
      body: {
        [Symbol.asyncIterator]: () => bytes,
        destroy: () => this.#current?.body.destroy(),
      },
    };
  }

  async *#bytes(): AsyncGenerator<Buffer> {
    for (let breaks = 0; ;) {
      const from = this.#received;
      try {
        yield* this.#pieces();
        return;
      } catch (error) {
        this.#signal.throwIfAborted();
        breaks = this.#received - from < progressBytes ? breaks + 1 : 1;
        if (reasonOf(error) !== 'ObjectReadFailed' || breaks >= breaksInARow) throw error;
      }
      await this.#connect();
    }
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    for await (const piece of this.#current?.body ?? []) {
      this.#received += (piece as Buffer).length;
      yield piece as Buffer;
    }
  }

  async #connect(): Promise<OpenedObject> {
    const { size, ...address } = this.#object;
    const range = this.#received === 0 ? {} : { range: { first: this.#received } };
    const { objects, retry } = this.#deps;
    const opened = await retry(async () => {
      const answer = await objects.open({ ...address, ...range }, this.#signal);
      if (answer.size === size) return answer;
      answer.body.destroy();
      throw otherLength(answer.size, this.#object);
    }, this.#signal);
    this.#current = opened;
    return opened;
  }
}

/** An object that is pinned to its content cannot have grown: an answer that says so must not be read as the file. */
export function otherLength(announced: number, { bucket, size }: KnownObject): TransientError {
  return new TransientError({
    reason: 'ObjectReadFailed',
    message: `An answer announces ${announced} bytes of an object in bucket ${JSON.stringify(bucket)} that was listed with ${size}.`,
    cure: 'Look for what changes answers between here and the store.',
  });
}
