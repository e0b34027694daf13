import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { serveApi } from '../../cli/local/api-socket.ts';
import { connectLocal } from '../../cli/local/connect-local.ts';
import { systemClock } from '../../lib/clock.ts';
import { crdCases } from '../support/crd-cases.ts';
import { startMemoryApi, type MemoryApi } from '../support/memory-api.ts';
import { runCrdCase } from '../support/run-crd-case.ts';
import { kubernetesApiSuite } from './kubernetes-api.suite.ts';

const historySize = 100;

function openSmallMemory() {
  const api = startMemoryApi({ historySize });
  return {
    ...api,
    async forget() {
      for (let change = 0; change <= historySize; change += 1) await api.createNamespace('fill');
    },
  };
}

kubernetesApiSuite('the API in memory', () => Promise.resolve(openSmallMemory()));

kubernetesApiSuite('the API in memory, over its socket', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-socket-'));
  const api = openSmallMemory();
  const socket = await serveApi(api.server, stateDir);
  const connection = await connectLocal(stateDir, systemClock);
  return {
    ...api,
    transport: connection.transport,
    async stop() {
      await connection[Symbol.asyncDispose]();
      await socket.close();
      await api.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
});

suite('the resources in the API in memory', () => {
  let api: MemoryApi;
  before(() => {
    api = startMemoryApi();
  });
  after(() => api.stop());

  for (const crdCase of crdCases) {
    test(`${crdCase.name}, in local mode too`, async () => {
      await runCrdCase(api.transport, await api.createNamespace('case'), crdCase);
    });
  }
});
