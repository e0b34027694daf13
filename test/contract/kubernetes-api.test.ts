import { after, before, suite, test } from 'node:test';
import { crdCases } from '../support/crd-cases.ts';
import { startMemoryApi, type MemoryApi } from '../support/memory-api.ts';
import { runCrdCase } from '../support/run-crd-case.ts';

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
