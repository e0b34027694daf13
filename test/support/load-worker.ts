/**
 * A worker of the kill tests, as a process: claims files, loads them batch by batch, and can be made to end
 * itself (SIGKILL) at a named point. What is in a file follows from its key alone.
 *
 *     node load-worker.ts '<WorkerOrder as JSON>'
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../lib/clock.ts';
import type { EventCall } from '../../lib/contract/event.ts';
import { createLogger } from '../../lib/log.ts';
import { openStore } from '../../lib/store/open-store.ts';
import type { Claim, ClaimedFile, FaultPoint, LoadBatch, Store } from '../../lib/store/types.ts';
import { eventStore } from '../../worker/destinations/event-store.ts';
import { batchLimitsAt } from '../../worker/pipeline/batching.ts';
import { createPace, unlimited, type Pace } from '../../worker/pipeline/pace.ts';
import { leaveSeat, seatSize, takeSeat } from '../../worker/seat.ts';
import { encodedEvents } from './encoded-events.ts';
import { claimRequest, event, identify, storeDeps, storeOptions, target, testSchema } from './store.ts';

export interface WorkerOrder {
  readonly url: string;
  readonly sourceId: number;
  readonly claimant: string;
  readonly leaseMs: number;
  readonly batchRows: number;
  readonly slot?: string;
  /** Default: no limit. */
  readonly rates?: { readonly files?: number; readonly events?: number };
  /** Default: events become visible as they are loaded. */
  readonly maxRejectShare?: number;
  /** Takes a seat among so many connections first. */
  readonly budget?: number;
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
function batchesOf(file: ClaimedFile, batchRows: number): readonly LoadBatch[] {
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
      events: encodedEvents(
        target,
        rows.filter(({ row }) => row % 33 !== 0 && row % 34 !== 0),
      ),
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
  // All rows were committed before somebody was killed; what is left is to close the file.
  const none = { events: encodedEvents(target, []), rejects: [], skipped: 0, final: true };
  const end = { afterRow: events.length, throughRow: events.length, ...none };
  return batches.length === 0 ? [end] : batches;
}

const never = new AbortController().signal;

/** Works until the ledger is empty. */
export async function workOff(store: Store, order: WorkerOrder): Promise<void> {
  const { sourceId, claimant, leaseMs, slot } = order;
  const place = { claimant, leaseMs, limit: 2, ...(slot === undefined ? {} : { slot }) };
  if (slot !== undefined) await store.claims.takeOver({ sourceId, slot, claimant });
  for (;;) {
    const result = await store.claims.claim(claimRequest(sourceId, place));
    if (result.kind === 'outdated') return;
    if (result.kind === 'nothing') {
      if (result.unfinished === 0) return;
      await systemClock.sleep(50);
      continue;
    }
    for (const file of result.files) {
      const held = result.files.map(({ claim }) => claim);
      await loadFile(store, order, file, held);
    }
  }
}

async function loadFile(
  store: Store,
  order: WorkerOrder,
  file: ClaimedFile,
  held: readonly Claim[],
): Promise<void> {
  const { rates = {}, maxRejectShare, leaseMs } = order;
  const paceOf = (kind: 'files' | 'events') =>
    rates[kind] === undefined
      ? unlimited
      : createPace([{ scope: kind, perSecond: rates[kind] }], { rates: store.rates, clock: systemClock });
  const sink = eventStore.open(
    { kind: 'eventStore', options: {} },
    {
      store,
      storeSettings: { schema: testSchema, maxConnections: 4, ...target },
      projectId: target.projectId,
      maxRejectShare,
    },
  );
  await atPace(paceOf('files'), 1, (until) => store.claims.markOpened(file.claim, until));
  const pace = paceOf('events');
  const rows = Math.min(order.batchRows, batchLimitsAt(pace.perSecond).rows);
  for (const batch of batchesOf(file, rows)) {
    await store.claims.renew(held, leaseMs);
    await atPace(pace, batch.events.count, (until) => sink.write(file, batch, until));
  }
}

async function atPace<T>(
  pace: Pace,
  tokens: number,
  work: (validUntil: string | undefined) => Promise<T | 'late'>,
): Promise<T> {
  for (let late = 0; ; late += 1) {
    const result = await work(await pace.take(tokens, { late, signal: never }));
    if (result !== 'late') return result;
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
  const { claimant, sourceId, budget, url } = order;
  const openStoreWith = async (maxConnections: number): Promise<Store> => {
    const applicationName = maxConnections === 1 ? 'waiting' : claimant;
    return await openStore(storeOptions(url, { applicationName, maxConnections }), {
      ...storeDeps,
      faultPoint,
    });
  };
  const deps = {
    openStore: openStoreWith,
    clock: systemClock,
    random: Math.random,
    log: createLogger({ clock: systemClock, write: () => {}, redact: (text) => text }),
  };
  const request = { holder: claimant, sourceId, budget: budget ?? 0, leaseMs: 60_000, ...seatSize };
  const store = await openStoreWith(budget === undefined ? 4 : await takeSeat(request, deps, never));
  await workOff(store, order);
  await store.close();
  if (budget !== undefined) await leaveSeat(claimant, deps);
}

const program = fileURLToPath(import.meta.url);

/** Starts one; answers how the process ended: 0, another code, or the signal's name. */
export async function runWorker(order: WorkerOrder): Promise<number | string> {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? '{}') as WorkerOrder);
