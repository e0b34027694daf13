import { TransientError } from '../../../lib/errors.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { createMetrics } from '../../../lib/metrics.ts';
import { createWorkerMetrics } from '../../../worker/worker-metrics.ts';
import { unlimited } from '../../../worker/pipeline/pace.ts';
import { withRetry } from '../../../lib/retry.ts';
import type { ImportShardDeps } from '../../../worker/commands/import-shard.ts';
import type { Conversion } from '../../../worker/conversions/conversion.ts';
import type { RecordItem } from '../../../worker/formats/format.ts';
import type { StoredFile } from '../../../worker/formats/read-records.ts';
import { eventCall, record } from '../builders/import-task.ts';
import { createManualClock, type ManualClock } from '../manual-clock.ts';
import { createBucket, type Bucket } from './bucket.ts';
import { createClaims, type MemoryClaims } from './claims.ts';
import { silentLog } from './silent-log.ts';

/** What one worker works on: a bucket and a ledger in memory, on a clock that stands still. */
export interface ImportShardWorld {
  readonly clock: ManualClock;
  readonly bucket: Bucket;
  readonly ledger: MemoryClaims;
  readonly deps: ImportShardDeps;
  /** Puts an object with so many rows into the bucket, and its file into the ledger. */
  add(key: string, rows?: number): void;
  /** Called before each row of a file is given out; what it throws breaks the reading. */
  beforeRow: (key: string, row: number, signal: AbortSignal) => Promise<void>;
  /** Files that are being read, the greatest number of them at a time. */
  readonly mostOpen: number;
  /** Sets of keys that were being read at the same time. */
  readonly together: readonly (readonly string[])[];
}

export const wantedTemplate = 'hash-1';

export function createImportShardWorld(): ImportShardWorld {
  return new WorldInMemory();
}

/** The content of an object of so many rows: the bucket's double holds their number alone. */
class WorldInMemory implements ImportShardWorld {
  readonly clock = createManualClock();
  readonly bucket = createBucket();
  readonly ledger = createClaims(wantedTemplate);
  readonly together: string[][] = [];
  readonly #reading = new Set<string>();
  beforeRow: ImportShardWorld['beforeRow'] = () => Promise.resolve();

  get mostOpen(): number {
    return Math.max(0, ...this.together.map((keys) => keys.length));
  }

  add(key: string, rows = 3): void {
    this.bucket.put(key, { body: JSON.stringify({ key, rows }) });
    this.ledger.add(key);
  }

  get deps(): ImportShardDeps {
    const { clock, ledger } = this;
    return {
      objects: this.bucket,
      claims: ledger,
      sink: ledger,
      metrics: createWorkerMetrics(createMetrics()),
      pace: { files: unlimited, events: unlimited },
      clock,
      log: silentLog,
      templateHash: wantedTemplate,
      claimant: 'worker-0',
      slot: undefined,
      conversionOf: (generation) => Promise.resolve(conversionOf(generation)),
      access: 'stream',
      readRecords: (file, signal) => this.#read(file as StoredFile, signal),
      retry: (call, signal) =>
        withRetry(call, { attempts: 3, baseMs: 100, capMs: 100 }, { clock, random: () => 1 }, signal),
    };
  }

  async *#read(file: StoredFile, signal: AbortSignal): AsyncGenerator<readonly RecordItem[]> {
    let text = '';
    for await (const chunk of file.body) text += String(chunk);
    const { key, rows } = JSON.parse(text) as { readonly key: string; readonly rows: number };
    this.#reading.add(key);
    this.together.push([...this.#reading]);
    try {
      for (let row = 1; row <= rows; row += 1) {
        await this.beforeRow(key, row, signal);
        signal.throwIfAborted();
        yield [record(row)];
      }
    } finally {
      this.#reading.delete(key);
    }
  }
}

/** An event a row, whose id tells where it comes from and which generation made it. */
function conversionOf(generation: number): Conversion {
  return {
    convert: (content, { key, version, row }) => {
      const { becomes } = content as JsonObject;
      if (becomes === 'skip') return { kind: 'skip', reason: 'on purpose' };
      return { kind: 'event', event: eventCall(`${key} ${version} ${row} g${generation}`) };
    },
  };
}

export function unreachable(): TransientError {
  return new TransientError({ reason: 'StoreUnreachable', message: 'Nothing answers.' });
}
