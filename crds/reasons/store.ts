import { onStore, onStoreAndSource, type ReasonEntry } from './entry.ts';

/** The PostgreSQL of an EventStore. */
export const storeReasons = {
  Connected: {
    on: ['Connected'],
    kinds: onStore,
    class: 'N',
    summary: 'The database answers and can be written.',
  },
  StoreURLInvalid: {
    on: ['ResolvedRefs'],
    kinds: onStore,
    class: 'P',
    summary: 'The Secret holds no usable connection string of PostgreSQL.',
    cure: 'Write it as postgres://user:password@host:5432/database?sslmode=verify-full, special characters percent-encoded.',
  },
  StoreUnreachable: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'T',
    summary: 'Nothing answers at the database’s address, or its name does not resolve.',
    cure: 'Check host and port of the connection string, NetworkPolicies for egress, and that the server runs.',
  },
  StoreAuthenticationFailed: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'E',
    summary: 'The database refused user or password, or has no rule in pg_hba.conf that lets them in.',
    cure: 'Correct the connection string in the Secret; it is read again when the Secret changes.',
  },
  StoreTLSFailed: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'P',
    summary: 'The server’s certificate is not trusted or is for another name, or the server has no TLS.',
    cure: 'Put the authority’s certificate under the key ca.crt of the Secret, or correct sslmode.',
  },
  StorePermissionDenied: {
    on: ['Connected', 'SchemaReady'],
    kinds: onStoreAndSource,
    class: 'P',
    summary: 'The role lacks a right in the database, which the message names.',
    cure: 'Grant it, or name the role that owns the schema in spec.postgres.ownerSecretRef.',
  },
  StoreDatabaseNotFound: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'P',
    summary: 'The server has no database of the name in the connection string.',
    cure: 'Create the database, or correct the connection string. Millrace makes the schema, not the database.',
  },
  StoreTooOld: {
    on: ['Connected'],
    kinds: onStore,
    class: 'P',
    summary: 'The server is older than PostgreSQL 14.',
    cure: 'Upgrade the server.',
  },
  StoreReadOnly: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'T',
    summary:
      'The server is a standby, or takes no writes at the moment (a fail-over, or a read-only default).',
    cure: 'Let the connection string name one host that is always the primary: a service or DNS name that follows it over a fail-over.',
  },
  StoreFull: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'T',
    summary: 'The server has no space left on its disk, or has reached a limit on temporary files or memory.',
    cure: 'Enlarge the volume, or raise the limit that the message names (temp_file_limit, work_mem). Files that were under way are taken up again by themselves.',
  },
  StoreTooManyConnections: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'T',
    summary: 'The server or its pooler has no connection left.',
    cure: 'Lower spec.postgres.maxConnections of the EventStores on that server, or raise the server’s max_connections.',
  },
  StoreTakenOver: {
    on: ['Event'],
    kinds: onStore,
    class: 'N',
    summary:
      'The schema was another EventStore’s, which has shown no life for a while; this one has taken its place.',
    cure: 'Nothing, after a move or a rebuilt cluster. Else find the other installation: once it comes back it is refused with ConflictingResource.',
  },
  StoreConflict: {
    on: ['Connected'],
    kinds: onStoreAndSource,
    class: 'T',
    summary:
      'A transaction met another’s and was rolled back by the server (deadlock, serialisation, time-out of a lock).',
    cure: 'Nothing, if it passes; the transaction is tried again. Else look for long transactions in pg_stat_activity.',
  },
  StoreError: {
    on: ['Connected', 'SchemaReady', 'File'],
    kinds: onStoreAndSource,
    class: 'T',
    summary: 'The database answered with an error that the message quotes.',
    cure: 'Look at the server’s log for the statement, and report it if it is one of Millrace’s own.',
  },
  SchemaReady: {
    on: ['SchemaReady'],
    kinds: onStore,
    class: 'N',
    summary: 'The tables are there, in the right version.',
  },
  StoreNotMigrated: {
    on: ['SchemaReady'],
    kinds: onStoreAndSource,
    class: 'T',
    summary: 'The tables are missing, or older than this release needs.',
    cure: 'Nothing, if it passes: the operator migrates them. Else look at the EventStore’s conditions.',
  },
  SchemaTooNew: {
    on: ['SchemaReady'],
    kinds: onStoreAndSource,
    class: 'P',
    summary: 'The tables were migrated by a newer release, which this one cannot work with.',
    cure: 'Run that newer release, or restore the database from before the upgrade.',
  },
  MigrationFailed: {
    on: ['SchemaReady'],
    kinds: onStore,
    class: 'P',
    summary: 'A migration of the tables failed and was rolled back.',
    cure: 'The message quotes the server. Mostly somebody changed the tables by hand: undo that.',
  },
  LeaderFenced: {
    on: ['Log'],
    kinds: onStoreAndSource,
    class: 'T',
    summary:
      'A replica of the operator wrote to the ledger after another had taken over; the write was refused.',
    cure: 'Nothing: the other replica does the work. If it comes often, look at the replicas’ clocks and load.',
  },
} as const satisfies Record<string, ReasonEntry>;
