import type { ObjectStore } from '../lib/aws/object-store.ts';
import type { IdentityObserver } from '../lib/aws/identity-plan.ts';
import { openS3 } from '../lib/aws/s3.ts';
import type { RequestObserver } from '../lib/aws/request-observer.ts';
import type { Clock } from '../lib/clock.ts';
import { optionsOf, type S3Access } from './controllers/s3-connection/gather.ts';
import type { OperatorCounters } from './operator-counters.ts';
import { formatKey, type ObjectKey } from './runtime/objects.ts';

export interface ObjectStoresDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** Told of every request. */
  readonly observer?: RequestObserver;
  readonly identityObserver?: IdentityObserver;
  readonly counters?: Pick<OperatorCounters, 'credentialsEnd'>;
}

/** Of more connections than this the ends of credentials are not told. */
const mostTold = 1_000;

/** The S3 clients that this operator has open, one for each S3Connection; each holds its identity as long as it is good. */
export class ObjectStores {
  readonly #deps: ObjectStoresDeps;
  readonly #open = new Map<string, { readonly version: string; readonly objects: ObjectStore }>();

  constructor(deps: ObjectStoresDeps) {
    this.#deps = deps;
  }

  /** The client of a connection; a changed endpoint, identity or certificate makes a new one. */
  get(connection: ObjectKey, access: S3Access): ObjectStore {
    const name = formatKey(connection);
    const { caPem: _, ...where } = access.options;
    const version = `${access.revision} ${JSON.stringify(where)}`;
    const current = this.#open.get(name);
    if (current?.version === version) return current.objects;
    const options = optionsOf(access, { clock: this.#deps.clock, observer: this.#observerOf(connection) });
    current?.objects.close();
    const objects = openS3({ ...options, observer: this.#deps.observer });
    this.#open.set(name, { version, objects });
    return objects;
  }

  release(connection: ObjectKey): void {
    const name = formatKey(connection);
    this.#open.get(name)?.objects.close();
    this.#open.delete(name);
    this.#deps.counters?.credentialsEnd(connection, undefined);
  }

  #observerOf(connection: ObjectKey): IdentityObserver | undefined {
    const { identityObserver: shared, counters } = this.#deps;
    if (shared === undefined) return undefined;
    return {
      ...shared,
      renewed: (mode, outcome, expiresAt) => {
        shared.renewed(mode, outcome);
        // The session of a role is asked for last, over that of its caller, and is what S3 sees.
        const isTold = expiresAt !== undefined && this.#open.size <= mostTold;
        if (isTold) counters?.credentialsEnd(connection, expiresAt);
      },
    };
  }

  closeAll(): void {
    for (const { objects } of this.#open.values()) objects.close();
    this.#open.clear();
  }
}
