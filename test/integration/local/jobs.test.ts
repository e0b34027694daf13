import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobsSuite } from '../../contract/jobs.suite.ts';
import { startControlPlane } from '../../support/control-plane/control-plane.ts';

jobsSuite('Jobs of a real controller manager', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-jobs-'));
  const plane = await startControlPlane({ controllerManager: true });
  return {
    client: plane.client,
    stateDir,
    createNamespace: (prefix) => plane.createNamespace(prefix),
    async stop() {
      await plane.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
});
