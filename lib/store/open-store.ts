import { createClaims } from './claims.ts';
import { parseConnectionUrl } from './connection-url.ts';
import { openDatabase } from './database.ts';
import { createDiscovery } from './discovery.ts';
import { createLoading } from './loading/loading.ts';
import { createMaintenance } from './maintenance.ts';
import { createOwnership } from './ownership.ts';
import { createRuns } from './runs.ts';
import { checkSchema, checkServer } from './server-checks.ts';
import { createSources } from './sources.ts';
import { createRates } from './sharing/rates.ts';
import { createSeats } from './sharing/seats.ts';
import { createStatusReader } from './status.ts';
import type { Store, StoreDeps, StoreOptions } from './types.ts';

/**
 * Opens the store that `migrateStore` has made. Rejects when the server is too old or takes no writes, and
 * when the schema is missing, behind this release, or too far ahead of it.
 */
export async function openStore(options: StoreOptions, deps: StoreDeps): Promise<Store> {
  const database = openDatabase(parseConnectionUrl(options.url, options.caPem), options, deps);
  try {
    await checkServer(database);
    await checkSchema(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    ownership: createOwnership(database),
    sources: createSources(database),
    discovery: createDiscovery(database),
    claims: createClaims(database, deps),
    loading: createLoading(database, deps),
    rates: createRates(database),
    seats: createSeats(database),
    status: createStatusReader(database),
    runs: createRuns(database),
    maintenance: createMaintenance(database),
    close: async () => {
      await database.close();
    },
  };
}
