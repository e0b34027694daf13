import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import type { KubernetesObject } from '../../../operator/runtime/objects.ts';
import { startControlPlane } from '../../support/control-plane/control-plane.ts';
import { createServerGroup, freePort } from '../../support/control-plane/processes.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { conditionOf, secretManifest } from '../../support/import-world.ts';
import { startListedBucket } from '../../support/listed-bucket.ts';
import { connectionManifest, sourceManifest, storeManifest } from '../../support/manifests.ts';
import { peakMemoryOf, startOperatorProcess } from '../../support/operator-process.ts';
import { startPostgres } from '../../support/postgres.ts';
import { sampleConversion } from '../../support/sample-lines.ts';

/** With SOURCES=1000 it is the figure of the documentation; fewer show the same slope in less time. */
const sources = Number(process.env['SOURCES'] ?? 100);

it(`an operator that looks after ${sources} sources takes less than 250 MB`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-many-'));
  const servers = createServerGroup(folder);
  const [cluster, postgres, bucket] = await Promise.all([
    startControlPlane({ crds: ['crds'] }),
    startPostgres(),
    startListedBucket(['other/a']),
  ]);
  t.after(async () => {
    await servers.stop();
    await Promise.all([cluster.stop(), postgres.stop(), bucket.stop()]);
    await rm(folder, { recursive: true, force: true });
  });
  const namespace = await cluster.createNamespace('many');
  const { endpoint } = bucket;
  const database = await postgres.createDatabase();
  const manifests = [
    secretManifest('lake-keys', { accessKeyID: 'AKIDEXAMPLE', secretAccessKey: 'anything' }),
    secretManifest('analytics-db', { url: database.url }),
    connectionManifest({ endpoint, stsEndpoint: endpoint, forcePathStyle: true }),
    storeManifest(),
  ];
  const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
  await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], { input });
  for (let first = 0; first < sources; first += 20) {
    const batch = Array.from(
      { length: Math.min(20, sources - first) },
      (_, index) => `source-${first + index}`,
    );
    await Promise.all(
      batch.map((name) => {
        const manifest = sourceManifest({ ...sampleConversion, prefix: `${name}/` }, { name, namespace });
        return cluster.client.create(resourceTypes.s3ImportSources, manifest);
      }),
    );
  }
  const port = await freePort();
  const kubeconfigPath = cluster.kubeconfigPath;
  const operator = startOperatorProcess(servers, { hostName: 'many', port, kubeconfigPath });
  await waitUntil('all sources are caught up', 600_000, async () => {
    const { items } = await cluster.client.list<S3ImportSource & KubernetesObject>(
      resourceTypes.s3ImportSources,
      {
        namespace,
      },
    );
    const done = items.filter(({ status }) => conditionOf(status.conditions, 'CaughtUp')?.status === 'True');
    return done.length === sources;
  });
  const passes = bucket.pages;
  await waitUntil('each was looked at again', 600_000, () => bucket.pages >= passes + sources);
  const megabytes = Math.round((await peakMemoryOf(operator)) / 2 ** 20);
  t.diagnostic(`peak memory with ${sources} sources: ${megabytes} MB`);
  assert.ok(megabytes < 250, `the operator took ${megabytes} MB`);
});
