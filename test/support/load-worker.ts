/**
 * A worker of the kill tests, as a process: claims files, loads them batch by batch, and can be made to end
 * itself (SIGKILL) at a named point. What is in a file follows from its key alone.
 *
 *     node load-worker.ts '<WorkerOrder as JSON>'
 */
import { systemClock } from '../../lib/clock.ts';
import type { EventCall } from '../../lib/contract/event.ts';
import { openStore } from '../../lib/store/open-store.ts';
import type { ClaimedFile, FaultPoint, LoadBatch, Store } from '../../lib/store/types.ts';
import { claimRequest, event, identify, storeDeps, storeOptions, target } from './store.ts';

export interface WorkerOrder {
  readonly url: string;
  readonly sourceId: number;
  readonly claimant: string;
  readonly leaseMs: number;
  readonly batchRows: number;
  /** Ends itself when it comes here for the `times`-th time. */
  readonly kill?: { readonly point: FaultPoint; readonly times: number };
}

/** The content of `…/<rows>-<first id>-<stride>.json`: ids that files may share, in an order of the file's own. */
export function contentOf(key: string): readonly EventCall[] {
  const [rows = 0, first = 0, stride = 1] = (/(\d+)-(\d+)-(\d+)\.json$/.exec(key) ?? []).slice(1).map(Number);
  return Array.from({ length: rows }, (_, index) => {
    const id = first + ((index * stride) % rows);
    // Every tenth counts its own user's visits, so that a doubled row shows in the sum.
    if (id % 10 === 0)
      return identify(`user-${String(id % 50)}`, `id-${String(id)}`, { $add: { visits: 1 } });
    return event({ deviceId: `device-${String(id % 97)}`, insertId: `id-${String(id)}` });
  });
}

/** Every third row behind the events is bad, and is told as a reject. */
export function batchesOf(file: ClaimedFile, batchRows: number): readonly LoadBatch[] {
  const events = contentOf(file.key);
  const batches: LoadBatch[] = [];
  for (let afterRow = file.committedRows; afterRow < events.length; afterRow += batchRows) {
    const rows = events
      .slice(afterRow, afterRow + batchRows)
      .map((one, index) => ({ row: afterRow + index + 1, event: one }));
    const bad = rows.filter(({ row }) => row % 33 === 0);
    batches.push({
      afterRow,
      throughRow: afterRow + rows.length,
      events: rows.filter(({ row }) => row % 33 !== 0 && row % 34 !== 0),
      rejects: bad.map(({ row }) => ({
        row,
        offset: row * 10,
        column: undefined,
        reason: 'bad',
        raw: 'raw',
      })),
      skipped: rows.filter(({ row }) => row % 33 !== 0 && row % 34 === 0).length,
      final: afterRow + rows.length === events.length,
    });
  }
  return batches;
}

/** Works until the ledger is empty. */
export async function workOff(store: Store, order: WorkerOrder): Promise<void> {
  const { sourceId, claimant, leaseMs } = order;
  for (;;) {
    const result = await store.claims.claim(claimRequest(sourceId, { claimant, leaseMs, limit: 2 }));
    if (result.kind === 'outdated') return;
    if (result.kind === 'nothing') {
      if (result.unfinished === 0) return;
      await systemClock.sleep(50);
      continue;
    }
    for (const file of result.files) {
      await store.claims.markOpened(file.claim);
      for (const batch of batchesOf(file, order.batchRows)) {
        await store.claims.renew(
          result.files.map(({ claim }) => claim),
          leaseMs,
        );
        await store.loading.commitBatch(file.claim, target, batch);
      }
    }
  }
}

async function main(order: WorkerOrder): Promise<void> {
  let left = order.kill?.times ?? 0;
  const faultPoint = async (name: FaultPoint): Promise<void> => {
    if (name !== order.kill?.point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    // The signal is on its way; nothing more must happen in this process.
    if (left === 0) await new Promise(() => undefined);
  };
  const store = await openStore(storeOptions(order.url, { applicationName: order.claimant }), {
    ...storeDeps,
    faultPoint,
  });
  await workOff(store, order);
  await store.close();
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? '{}') as WorkerOrder);
