import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJobController } from '../../cli/local/jobs/job-controller.ts';
import { systemClock } from '../../lib/clock.ts';
import { createApiClient } from '../../operator/runtime/api-client.ts';
import { startMemoryApi } from '../support/memory-api.ts';
import { runtimeDeps } from '../support/runtime-deps.ts';
import { jobsSuite } from './jobs.suite.ts';

jobsSuite('Jobs of the API in memory', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-jobs-'));
  const api = startMemoryApi();
  const client = createApiClient({ transport: api.transport, clock: systemClock, fieldManager: 'test' });
  const stop = new AbortController();
  const controller = createJobController({ backoffMs: 200 }, { ...runtimeDeps(), client });
  const running = controller.run(stop.signal);
  return {
    client,
    stateDir,
    createNamespace: (prefix) => api.createNamespace(prefix),
    async stop() {
      stop.abort();
      await running;
      await api.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
});
