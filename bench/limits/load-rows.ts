/**
 * The limit of loading: rows that were prepared beforehand go into the store's tables by the same COPY and the same
 * statement as a worker uses, with nothing around it.
 *
 *     node bench/limits/load-rows.ts '{"url","schema","connections","paths"}'
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { copyIn } from '../../lib/store/copy.ts';
import { copyToStage, createStage } from '../../lib/store/loading/staged-event.ts';
import { insertWinners } from '../../lib/store/loading/store-events.ts';

export interface LoadOrder {
  readonly url: string;
  readonly schema: string;
  readonly connections: number;
  readonly paths: readonly string[];
}

async function main({ url, schema, connections, paths }: LoadOrder): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  const waiting = [...paths];
  const work = async (): Promise<void> => {
    const client = await pool.connect();
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      await client.query('BEGIN');
      await client.query(createStage);
      await copyIn(client, copyToStage, [await readFile(path)]);
      await client.query(insertWinners(schema), [new Date(), 604_800_000, '168342', 1, 1, []]);
      await client.query('COMMIT');
    }
    client.release();
  };
  await Promise.all(Array.from({ length: connections }, work));
  await pool.end();
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? '{}') as LoadOrder);
