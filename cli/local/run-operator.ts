import { randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createManager } from '../../operator/manager.ts';
import type { RuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';
import type { ApiTransport } from '../../operator/runtime/transport.ts';
import { systemNamespace } from './system-namespace.ts';

export interface LocalOperatorDeps {
  readonly transport: ApiTransport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  readonly redact: (text: string) => string;
  /** Whether manifests may use the credentials of this machine, which its workers find too. */
  readonly ambient: boolean;
}

/** The operator as it runs in a cluster, over the API of the local mode; nobody else can lead. */
export async function runOperator(deps: LocalOperatorDeps, signal: AbortSignal): Promise<void> {
  const manager = createManager(
    {
      namespace: systemNamespace,
      watchNamespaces: [],
      identity: 'local',
      leaderElection: false,
      worker: { image: 'millrace:local' },
      // A person looks on, and there is no API server to spare.
      progressMs: 1_000,
      identityPolicy: { allowsAmbient: deps.ambient, trustedEndpoints: [] },
    },
    { ...deps, registry: createMetrics(), newId: randomUUID },
  );
  await manager.run(signal);
}
