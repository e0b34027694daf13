import { createStore } from './0001-store.ts';
import type { Migration } from './migration.ts';

/** In order; the first makes version 1. Only ever appended to. */
export const migrations: readonly Migration[] = Object.freeze([
  { name: 'store', oldestCode: 1, sql: createStore },
]);

/** The version of the schema that this code is written for. */
export const schemaVersion = migrations.length;
