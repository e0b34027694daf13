import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { customResources } from '../../../cli/local/api/custom-resources.ts';
import { listAll } from '../../../cli/local/local-objects.ts';
import { formatTable } from '../../../cli/output/format-table.ts';
import { objectTable } from '../../../cli/output/object-table.ts';
import { kindNames, manifestURL } from '../../../crds/names.ts';
import type { KubernetesObject } from '../../../operator/runtime/objects.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { connectionManifest, sourceManifest, storeManifest } from '../../support/manifests.ts';

/** The age moves between two looks. */
function ageless(text: string): string {
  return text
    .replaceAll(/\b\d+[smh](\d+[sm])?\b/gu, 'AGE')
    .replaceAll(/ +/gu, ' ')
    .replaceAll(/ $/gmu, '');
}

suite('tables of objects', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ crds: kindNames.map((kind) => fileURLToPath(manifestURL(kind))) });
  });
  after(() => plane.stop());

  test('[I-56] millrace get shows the columns and cells that kubectl get shows', async () => {
    const namespace = await plane.createNamespace('tables');
    const manifests = [
      connectionManifest(),
      storeManifest(),
      sourceManifest(),
      sourceManifest({}, { name: 'b' }),
    ];
    const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
    await plane.kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], { input });
    const condition = { type: 'Ready', status: 'False', reason: 'Waiting', message: 'It waits.\nFor long.' };
    const conditions = [{ ...condition, lastTransitionTime: '2026-11-23T18:00:00Z' }];
    for (const definition of customResources()) {
      for (const { metadata } of await listAll(plane.client, definition, { namespace })) {
        await plane.client.applyStatus(definition, {
          metadata,
          status: { conditions },
        } as unknown as KubernetesObject);
      }
      const objects = await listAll(plane.client, definition, { namespace });
      for (const wide of [false, true]) {
        const options = wide ? ['-o', 'wide'] : [];
        const theirs = await plane.kubectl(['get', definition.plural, '-n', namespace, ...options]);
        const { headings, rows } = objectTable(definition, objects, {
          wide,
          withNamespace: false,
          now: Date.now(),
        });
        assert.equal(ageless(formatTable(headings, rows, Infinity)), ageless(theirs));
      }
    }
  });
});
