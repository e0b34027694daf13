import { digestOf } from '../lib/digest.ts';
import { migrateStore } from '../lib/store/migrate-store.ts';
import { openStore } from '../lib/store/open-store.ts';
import type { OwnerIdentity, OwnershipResult, Store, StoreDeps } from '../lib/store/types.ts';
import { formatKey, type ObjectKey } from './runtime/objects.ts';

/** All that decides how a store is reached; another value means another session. */
export interface StoreAccess {
  readonly url: string;
  readonly ownerUrl: string | undefined;
  readonly caPem: string | undefined;
  readonly schema: string;
  /** Of the Secrets. */
  readonly revision: string;
}

/** An open, migrated store that this operator owns and leads. */
export interface StoreSession {
  readonly store: Store;
  readonly epoch: number;
  /** Moves when a Secret of the store does. */
  readonly revision: string;
  readonly schemaVersion: number;
  readonly serverVersion: string;
  readonly ownership: OwnershipResult;
}

export interface StoresDeps extends StoreDeps {
  /** Who leads, for people. */
  readonly leader: string;
}

/** An owner that has shown no life for so long is taken for dead. The EventStore's reconcile beats each third of it. */
export const livenessMs = 90_000;

/** Of a pool for all sources of a store: the operator lists and counts, it loads nothing. */
const operatorConnections = 3;

/** The stores that this operator has open, one for each EventStore. */
export class Stores {
  readonly #deps: StoresDeps;
  readonly #open = new Map<
    string,
    { readonly access: string; readonly session: StoreSession; readonly owner: OwnerIdentity }
  >();

  readonly #listeners = new Set<(key: ObjectKey) => void>();

  constructor(deps: StoresDeps) {
    this.#deps = deps;
  }

  /** Tells of each store that is opened from now on. Gives the unsubscribe. */
  onOpened(listener: (key: ObjectKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The session of an EventStore whose reconcile has opened it; undefined until then. */
  get(key: ObjectKey): StoreSession | undefined {
    return this.#open.get(formatKey(key))?.session;
  }

  /**
   * Opens the store, or shows its database that the owner is alive. A changed access closes the old session first.
   * Rejects with the reasons of `lib/store/errors.ts`.
   */
  async hold(key: ObjectKey, access: StoreAccess, owner: OwnerIdentity): Promise<StoreSession> {
    const name = formatKey(key);
    const digest = digestOf(Object.values(access).map(String));
    const current = this.#open.get(name);
    if (current?.access === digest) {
      const ownership = await current.session.store.ownership.hold(owner, livenessMs);
      return { ...current.session, ownership };
    }
    await this.close(key);
    const session = await this.#openSession(access, owner);
    this.#open.set(name, { access: digest, session, owner });
    for (const listener of this.#listeners) listener(key);
    return session;
  }

  /** The EventStore is gone: gives its schema up, so that another may take it at once. */
  async release(key: ObjectKey): Promise<void> {
    const current = this.#open.get(formatKey(key));
    if (current === undefined) return;
    await current.session.store.ownership.resign(current.owner).catch(() => {
      // The owner's row then runs out by itself; deleting never waits for a database.
    });
    await this.close(key);
  }

  async close(key: ObjectKey): Promise<void> {
    const name = formatKey(key);
    const current = this.#open.get(name);
    this.#open.delete(name);
    await current?.session.store.close();
  }

  async closeAll(): Promise<void> {
    const sessions = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(sessions.map(({ session }) => session.store.close()));
  }

  async #openSession(access: StoreAccess, owner: OwnerIdentity): Promise<StoreSession> {
    const { url, schema, caPem, ownerUrl } = access;
    const options = {
      url,
      schema,
      maxConnections: operatorConnections,
      applicationName: 'millrace-operator',
      ...(caPem === undefined ? {} : { caPem }),
      ...(ownerUrl === undefined ? {} : { ownerUrl }),
    };
    const migrated = await migrateStore(options, this.#deps);
    const store = await openStore(options, this.#deps);
    try {
      const ownership = await store.ownership.hold(owner, livenessMs);
      const epoch = await store.ownership.takeEpoch(this.#deps.leader);
      return {
        store,
        epoch,
        revision: access.revision,
        ownership,
        schemaVersion: migrated.to,
        serverVersion: migrated.serverVersion,
      };
    } catch (error) {
      await store.close();
      throw error;
    }
  }
}
