/**
 * A replica in a process of its own, for tests that stop, block and mislead it: stands for a Lease, and while it leads
 * makes one ConfigMap after the other, named by its identity, in several lanes at once.
 *
 *     node leader-candidate.ts '{"kubeconfig":…,"namespace":…,"identity":…,"timing":{…},"lanes":2}'
 *
 * Commands come on its standard input, one a line: `block MS` (its event loop stands still), `step MS` (its wall clock is
 * set so much forward, or back), `stop`. What it logs goes to its standard output. It ends with 0 after `stop`, with 1 when
 * it lost the lease.
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { systemClock } from '../../lib/clock.ts';
import { createLogger } from '../../lib/log.ts';
import { createApiClient } from '../../operator/runtime/api-client.ts';
import { loadClusterAccess } from '../../operator/runtime/cluster-access.ts';
import { guardWrites } from '../../operator/runtime/guarded-transport.ts';
import { createHttpTransport } from '../../operator/runtime/http-transport.ts';
import { createLeaderElector, type Leadership } from '../../operator/runtime/leader-elector.ts';
import { createRetryingTransport } from '../../operator/runtime/retrying-transport.ts';
import { runtimeDeps } from './runtime-deps.ts';

export interface CandidateOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly identity: string;
  readonly timing: {
    readonly leaseDurationMs: number;
    readonly renewDeadlineMs: number;
    readonly retryPeriodMs: number;
  };
  /** Writes under way at a time. */
  readonly lanes: number;
}

const configMaps = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

async function main(options: CandidateOptions): Promise<number> {
  let stepMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + stepMs };
  const stop = new AbortController();
  createInterface({ input: process.stdin }).on('line', (line) => {
    const [command, ms = '0'] = line.split(' ');
    if (command === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
    if (command === 'step') stepMs += Number(ms);
    if (command === 'stop') stop.abort();
  });

  const access = await loadClusterAccess({ path: options.kubeconfig, clock });
  const http = createHttpTransport({ access, clock, userAgent: options.identity });
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const log = createLogger({ clock, write, redact: (text) => text });
  const deps = { ...runtimeDeps({ clock }), log };
  let leadership: Leadership | undefined;
  const guarded = guardWrites(http, { remainingMs: () => leadership?.remainingMs() ?? 0, clock });
  const naming = { clock, fieldManager: options.identity };
  const client = createApiClient({ transport: createRetryingTransport(guarded, deps), ...naming });
  const elector = createLeaderElector(
    { key: { namespace: options.namespace, name: 'leader' }, identity: options.identity, ...options.timing },
    { ...deps, client: createApiClient({ transport: http, ...naming }) },
  );

  let made = 0;
  /** Without a signal, as careless code has it: what keeps it from writing is the guard alone. */
  async function writeOn(held: Leadership): Promise<void> {
    while (!held.signal.aborted) {
      made += 1;
      const name = `${options.identity}-${made}`;
      await client
        .create(configMaps, { metadata: { namespace: options.namespace, name } })
        .catch(() => clock.sleep(20));
      await clock.sleep(20);
    }
  }

  const outcome = await elector.run(async (held) => {
    leadership = held;
    const lanes = Array.from({ length: options.lanes }, () => writeOn(held));
    if (!held.signal.aborted) await once(held.signal, 'abort');
    await Promise.race([Promise.all(lanes), clock.sleep(20_000)]);
  }, stop.signal);
  await http.close();
  return outcome === 'stopped' ? 0 : 1;
}

process.exit(await main(JSON.parse(process.argv[2] ?? '') as CandidateOptions));
