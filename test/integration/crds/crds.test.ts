import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { kindNames, kinds, manifestURL } from '../../../crds/names.ts';
import { fileURLToPath } from 'node:url';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { crdCases } from '../../support/crd-cases.ts';
import { runCrdCase } from '../../support/run-crd-case.ts';

suite('the definitions of the resources on a real API server', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ crds: kindNames.map((kind) => fileURLToPath(manifestURL(kind))) });
  });
  after(() => plane.stop());

  test('every definition is established, structural and within the budget of its rules', async () => {
    for (const kind of kindNames) {
      const answer = await plane.transport.request({
        method: 'GET',
        path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${kinds[kind].plural}.millrace.dev`,
      });
      const { status } = answer.body as {
        status: { conditions: { type: string; status: string; message: string }[] };
      };
      const state = Object.fromEntries(status.conditions.map((entry) => [entry.type, entry.status]));
      assert.equal(state['Established'], 'True');
      assert.equal(state['NamesAccepted'], 'True');
      assert.notEqual(state['NonStructuralSchema'], 'True');
    }
  });

  for (const crdCase of crdCases) {
    test(crdCase.name, async () => {
      await runCrdCase(plane.transport, await plane.createNamespace('case'), crdCase);
    });
  }
});
