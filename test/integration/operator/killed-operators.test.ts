import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import type { Job } from '../../../operator/resources/worker-job.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import type { KubernetesObject } from '../../../operator/runtime/objects.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import {
  createServerGroup,
  freePort,
  type Server,
  type ServerGroup,
} from '../../support/control-plane/processes.ts';
import { secretManifest, waitFor } from '../../support/import-world.ts';
import { startListedBucket, type ListedBucket } from '../../support/listed-bucket.ts';
import { connectionManifest, sourceManifest, storeManifest } from '../../support/manifests.ts';
import { assertAsDocumented } from '../../support/assert-as-documented.ts';
import { peakMemoryOf, startOperatorProcess } from '../../support/operator-process.ts';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.ts';
import { sampleConversion } from '../../support/sample-lines.ts';

interface Lease extends KubernetesObject {
  readonly spec: { readonly holderIdentity?: string };
}

const leases = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
const keys = Array.from({ length: 200_000 }, (_, index) => `web/2026/${String(index).padStart(8, '0')}.json`);

describe('operators that are killed', () => {
  let cluster: ControlPlane;
  let postgres: PostgresServer;
  let bucket: ListedBucket;
  let folder: string;
  let servers: ServerGroup;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-killed-'));
    servers = createServerGroup(folder);
    [cluster, postgres, bucket] = await Promise.all([
      startControlPlane({ controllerManager: true, crds: ['crds'] }),
      startPostgres(),
      startListedBucket(keys),
    ]);
  });

  after(async () => {
    await servers?.stop();
    await Promise.all([cluster?.stop(), postgres?.stop(), bucket?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function startReplica(hostName: string): Promise<Server & { readonly port: number }> {
    const port = await freePort();
    const server = startOperatorProcess(servers, { hostName, port, kubeconfigPath: cluster.kubeconfigPath });
    return { ...server, port };
  }

  async function leader(): Promise<string> {
    const key = { namespace: 'default', name: 'millrace-operator' };
    return (await cluster.client.find<Lease>(leases, key))?.spec.holderIdentity?.split('-')[0] ?? '';
  }

  async function apply(namespace: string, database: TestDatabase): Promise<void> {
    const { endpoint } = bucket;
    const manifests = [
      secretManifest('lake-keys', { accessKeyID: 'AKIDEXAMPLE', secretAccessKey: 'anything' }),
      secretManifest('analytics-db', { url: database.url }),
      connectionManifest({ endpoint, stsEndpoint: endpoint, forcePathStyle: true }),
      storeManifest(),
      sourceManifest({ ...sampleConversion, workers: { max: 2 } }),
    ];
    const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
    await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], { input });
  }

  it('[I-17, C-04] lose nothing of a listing: the next one leads, and goes on behind the last page', async () => {
    const replicas = { first: await startReplica('first'), second: await startReplica('second') };
    await waitFor('one of them leads', async () => (await leader()) in replicas);
    const killed = (await leader()) as keyof typeof replicas;
    const other = killed === 'first' ? 'second' : 'first';
    const namespace = await cluster.createNamespace('acme');
    const database = await postgres.createDatabase();
    bucket.delayMs = 20;
    await apply(namespace, database);
    const listing = async () => {
      const text = 'SELECT seen::int, last_full_seen::int AS whole FROM millrace.listings';
      const [row] = await database.sql<{ seen: number; whole: number | null }>(text).catch(() => []);
      return row ?? { seen: 0, whole: null };
    };
    await waitFor('a part of the bucket is listed', async () => (await listing()).seen > 20_000);
    await replicas[killed].stop('SIGKILL');
    const before = bucket.pages;
    assert.ok(before < keys.length / 1_000, 'it was listed to its end before the operator was killed');
    bucket.delayMs = 0;
    await waitFor('the bucket is listed to its end', async () => (await listing()).whole !== null);
    assert.equal(await leader(), other);
    assert.equal((await listing()).whole, keys.length);
    const [count] = await database.sql<{ n: number }>(
      'SELECT count(DISTINCT key)::int AS n FROM millrace.files',
    );
    assert.equal(count?.n, keys.length);
    // A page that was asked for and not recorded, and what probes ask, come on top.
    assert.ok(bucket.pages <= keys.length / 1_000 + 30, `${bucket.pages} pages were listed`);

    await waitFor('its one Job is there', async () => {
      const { items } = await cluster.client.list<Job>(resourceTypes.jobs, { namespace });
      return items.length === 1;
    });
    const source = await cluster.client.get<S3ImportSource>(resourceTypes.s3ImportSources, {
      namespace,
      name: 'web-events',
    });
    assert.equal(source.status.run?.number, 1);

    const memory = await peakMemoryOf(replicas[other]);
    assert.ok(memory < 250 * 2 ** 20, `the operator took ${Math.round(memory / 2 ** 20)} MB`);
    const metrics = await (await fetch(`http://127.0.0.1:${replicas[other].port}/metrics`)).text();
    assert.match(metrics, /^leader_election_master_status\{name="[^"]+"\} 1$/m);
    assert.match(metrics, /^millrace_resources\{kind="S3ImportSource",.*\} 1$/m);
    assert.match(metrics, /^millrace_build_info\{version="[\d.]+",node="[\d.]+"\} 1$/m);
    assert.match(
      metrics,
      /^millrace_permission_probe_total\{action="s3:ListBucket",result="Allowed"\} \d+$/m,
    );
    assert.match(
      metrics,
      /^millrace_sts_requests_total\{operation="GetCallerIdentity",code="200",role="operator"\} \d+$/m,
    );
    await assertAsDocumented(metrics, 'Operator');
    assert.match(metrics, /^millrace_status_writes_total\{kind="S3ImportSource",outcome="written"\} \d+$/m);
  });
});
