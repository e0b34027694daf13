import { arrivalFunctions, makePartitionsFunction, dropPartitionFunction } from './0001/event-functions.ts';
import { eventKeysTable, eventsTable, propertyTables } from './0001/event-tables.ts';
import { filesTable, filesIndexes, countersTable, rejectsTable } from './0001/file-tables.ts';
import { ownerTables } from './0001/owner-tables.ts';
import { ratesTable, seatsTable } from './0001/sharing-tables.ts';
import { sourceTables, listingTable, runsTable } from './0001/source-tables.ts';
import { stagingTables } from './0001/staging-tables.ts';
import type { MigrationNames } from './migration.ts';

/**
 * The first tables. Rules of all migrations: they only expand (a worker of the version before goes on beside
 * them); what is no longer used goes one version later.
 */
export function createStore(names: MigrationNames): string {
  return [
    ownerTables,
    sourceTables,
    listingTable,
    filesTable,
    filesIndexes,
    countersTable,
    rejectsTable,
    runsTable,
    eventKeysTable,
    eventsTable,
    propertyTables,
    stagingTables,
    seatsTable,
    ratesTable,
    arrivalFunctions,
    makePartitionsFunction,
    dropPartitionFunction,
  ]
    .map((part) => part(names))
    .join('');
}
