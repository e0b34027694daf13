import { after, before, suite, test } from 'node:test';
import { createObjectStore } from '../../cli/local/api/object-store.ts';
import { crdCases } from '../support/crd-cases.ts';
import { startMemoryApi, type MemoryApi } from '../support/memory-api.ts';
import { runCrdCase } from '../support/run-crd-case.ts';
import { kubernetesApiSuite } from './kubernetes-api.suite.ts';

const historySize = 100;

kubernetesApiSuite('the API in memory', () => {
  const api = startMemoryApi({ store: createObjectStore({ historySize }) });
  return Promise.resolve({
    ...api,
    async forget() {
      for (let change = 0; change <= historySize; change += 1) await api.createNamespace('fill');
    },
  });
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
