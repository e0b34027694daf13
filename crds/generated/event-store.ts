// Generated from crds/eventstores.yaml by `make generate`. Do not edit.

import type { Condition } from '../conditions.ts';
import type { ObjectMeta } from '../object-meta.ts';

/**
 * An EventStore names the PostgreSQL database that holds the events of one organisation, with the ledger
 * of imported files, the rejects and the history. The operator makes and migrates the tables.
 */
export interface EventStore {
  readonly apiVersion: 'millrace.dev/v1alpha1';
  readonly kind: 'EventStore';
  readonly metadata: ObjectMeta;
  readonly spec: EventStoreSpec;
  readonly status: EventStoreStatus;
}

/** What the store should be. */
export interface EventStoreSpec {
  /** A name for people. May change at any time. */
  readonly displayName?: string;
  /** What the store is for, in words. May change at any time. */
  readonly description?: string;
  /** The database, PostgreSQL 14 or newer. */
  readonly postgres: EventStorePostgres;
  /** The identifier of the organisation whose events the store holds. Cannot change later. */
  readonly organizationID: string;
  /**
   * The projects that events may be stored for. A source that names another one waits with ProjectNotFound.
   * Removing a project keeps its events.
   */
  readonly projects: readonly EventStoreProject[];
  /**
   * For how long after its arrival an event keeps another with the same insert_id, of the same project and
   * device or user, from being stored: a duration such as `168h`, between 1h and 9600h. A longer one needs
   * more space, one row an event.
   */
  readonly deduplicationWindow: string;
  /**
   * For how long things are kept, in whole days of their arrival (UTC), such as `400d`. Absent: for good.
   * What is older is removed within hours of its time. The account of files is always kept for good, so that
   * nothing is imported twice.
   */
  readonly retention?: EventStoreRetention;
}

/** The database, PostgreSQL 14 or newer. */
export interface EventStorePostgres {
  /**
   * A Secret of the same namespace with the connection string
   * (`postgres://user:password@host:5432/database?sslmode=verify-full`) that the operator and the workers
   * use. If the Secret has a key `ca.crt`, the server's certificate is checked against it. Its content may
   * be rotated at any time.
   */
  readonly secretRef: EventStorePostgresSecretRef;
  /**
   * A Secret of the same namespace with the connection string of the role that owns the schema. Migrations
   * run as it, so that the role of `secretRef` needs no right to create or alter tables; the operator grants
   * it what it needs. Absent: migrations run as the role of `secretRef`.
   */
  readonly ownerSecretRef?: EventStorePostgresOwnerSecretRef;
  /**
   * The schema that holds the tables. An organisation has one of its own: two stores that share a database
   * name different ones. Cannot change later.
   */
  readonly schema: string;
  /**
   * How many connections the operator and the workers of all sources open together. The operator takes 3,
   * one is for workers that wait for theirs, and a worker takes 2 to 6; one that finds none free waits in
   * line. Keep the sum of all stores below what the server and its pooler allow.
   */
  readonly maxConnections: number;
}

/**
 * A Secret of the same namespace with the connection string
 * (`postgres://user:password@host:5432/database?sslmode=verify-full`) that the operator and the workers
 * use. If the Secret has a key `ca.crt`, the server's certificate is checked against it. Its content may
 * be rotated at any time.
 */
export interface EventStorePostgresSecretRef {
  /** The name of the Secret. */
  readonly name: string;
  /** The key of the Secret that holds the connection string. */
  readonly key: string;
}

/**
 * A Secret of the same namespace with the connection string of the role that owns the schema. Migrations
 * run as it, so that the role of `secretRef` needs no right to create or alter tables; the operator grants
 * it what it needs. Absent: migrations run as the role of `secretRef`.
 */
export interface EventStorePostgresOwnerSecretRef {
  /** The name of the Secret. */
  readonly name: string;
  /** The key of the Secret that holds the connection string. */
  readonly key: string;
}

/** One project. */
export interface EventStoreProject {
  /** The identifier of the project; a source names it as its projectID. */
  readonly id: string;
  /** A name for people. May change at any time. */
  readonly name?: string;
  /**
   * How fast files may be imported into the project, by all workers of all its sources together. Each limit
   * may be exceeded for some seconds' worth after a pause, never in the long run.
   */
  readonly limits: EventStoreProjectLimits;
}

/**
 * How fast files may be imported into the project, by all workers of all its sources together. Each limit
 * may be exceeded for some seconds' worth after a pause, never in the long run.
 */
export interface EventStoreProjectLimits {
  /** Files that are begun in a second. */
  readonly filesPerSecond: number;
  /** Events that are stored in a second, duplicates among them. */
  readonly eventsPerSecond: number;
}

/**
 * For how long things are kept, in whole days of their arrival (UTC), such as `400d`. Absent: for good.
 * What is older is removed within hours of its time. The account of files is always kept for good, so that
 * nothing is imported twice.
 */
export interface EventStoreRetention {
  /** For how long events are kept. They are removed a whole day at a time. */
  readonly events?: string;
  /**
   * For how long rejected records are kept, with their raw text. They are removed a whole day at a time; the
   * counts of them stay.
   */
  readonly rejects?: string;
  /** For how long the history of runs is kept. The newest run of a source stays. */
  readonly runs?: string;
}

/** What the operator observed. Written by the operator alone. */
export interface EventStoreStatus {
  /**
   * The generation of the object that the rest of the status speaks of; -1 until the operator has looked at
   * it for the first time.
   */
  readonly observedGeneration: number;
  /**
   * The value of the annotation `millrace.dev/requestedAt` that was handled last; a script that set the
   * annotation waits until both are equal.
   */
  readonly lastHandledReconcileAt?: string;
  /** The version of the PostgreSQL server. */
  readonly serverVersion?: string;
  /** The number of the last migration that the tables went through. */
  readonly schemaVersion?: number;
  /** The state of the store, one entry for each aspect of it. */
  readonly conditions?: readonly Condition[];
}
