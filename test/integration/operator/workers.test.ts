import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Job } from '../../../operator/resources/worker-job.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import { podLabels, type WorkerPod } from '../../../operator/resources/worker-pod.ts';
import { lintConditions } from '../../support/lint-conditions.ts';
import {
  conditionOf,
  readyOf,
  startImportWorld,
  waitFor,
  type ImportWorld,
  type Tenant,
} from '../../support/import-world.ts';
import { sourceManifest } from '../../support/manifests.ts';
import { linesOf, sampleConversion } from '../../support/sample-lines.ts';

describe('workers, as a real cluster treats them', () => {
  let world: ImportWorld;

  before(async () => {
    world = await startImportWorld();
  });

  after(async () => {
    await world?.stop();
  });

  async function delivered(files: number, options: { readonly source?: object } = {}): Promise<Tenant> {
    const tenant = await world.createTenant({ applySource: false });
    for (let file = 0; file < files; file += 1)
      await tenant.bucket.put(`web/${file}.json`, linesOf(`f${file}`, 5));
    await tenant.applySource({ ...sampleConversion, ...options.source });
    return tenant;
  }

  async function untilTold(tenant: Tenant, reason: string): Promise<string> {
    const source = await tenant.until(`${reason} is told`, (one) => readyOf(one).endsWith(`/${reason}`));
    assert.deepEqual(lintConditions(source), []);
    return conditionOf(source.status.conditions, 'WorkersAvailable')?.message ?? '';
  }

  it('[C-06] a quota that leaves no room for them is named, and raised it lets the import go on', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const spec = { hard: { pods: '0' } };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'tight' }, spec };
    await tenant.apply(quota);
    const { namespace } = tenant;
    const status = JSON.stringify({ status: { ...spec, used: { pods: '0' } } });
    const patch = [
      'patch',
      'resourcequota',
      'tight',
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
    ];
    await world.controlPlane.kubectl([...patch, status]);
    await tenant.bucket.put('web/a.json', linesOf('a', 5));
    await tenant.applySource(sampleConversion);
    assert.equal(
      await untilTold(tenant, 'PodQuotaExceeded'),
      'ResourceQuota tight leaves no room for a worker: it is used up in pods. Raise it, or lower spec.workers.',
    );
    await world.controlPlane.kubectl(['delete', 'resourcequota', 'tight', '-n', namespace]);
    await tenant.untilImported(1);
  });

  it('[C-06] an admission that refuses them is quoted, without what changes from try to try', async () => {
    const tenant = await world.createTenant({ applySource: false });
    await tenant.apply({
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'tight' },
      spec: { limits: [{ type: 'Container', max: { memory: '1Mi' } }] },
    });
    await tenant.bucket.put('web/a.json', linesOf('a', 5));
    await tenant.applySource(sampleConversion);
    const message = await untilTold(tenant, 'WorkerForbidden');
    assert.match(
      message,
      /^The cluster does not admit the pods of workers: maximum memory usage per Container is 1Mi/,
    );
  });

  it('[C-04] a Job that is made larger gets workers, and made smaller keeps those of the first indexes', async () => {
    const tenant = await delivered(1, { source: { workers: { max: 2, lingerSeconds: 120 } } });
    const { namespace } = tenant;
    const onlyJob = async () => (await tenant.jobs())[0] as Job;
    await waitFor('the worker is ready', async () => (await onlyJob())?.status?.ready === 1);
    const { name = '' } = (await onlyJob()).metadata;
    const resize = async (size: number) => {
      const patch = { spec: { completions: size, parallelism: size } };
      await world.controlPlane.client.patch(
        resourceTypes.jobs,
        { namespace, name },
        { kind: 'merge', patch },
      );
    };
    await resize(3);
    await waitFor('three workers are ready', async () => (await onlyJob()).status?.ready === 3);
    await resize(1);
    await waitFor('one worker is left', async () => {
      const { active, terminating = 0 } = (await onlyJob()).status ?? {};
      return active === 1 && terminating === 0;
    });
    const pods = await world.controlPlane.client.list<WorkerPod>(resourceTypes.pods, { namespace });
    const running = pods.items.filter(({ status }) => status?.phase === 'Running');
    assert.deepEqual(
      running.map(({ metadata }) => metadata.labels?.[podLabels.index]),
      ['0'],
    );
    assert.equal(readyOf(await tenant.source()), 'True/Succeeded');
  });

  it('a source that waited for the ledger of another begins as soon as that one is deleted', async () => {
    const tenant = await delivered(1);
    await tenant.untilImported(1);
    const spec = { ...sampleConversion, bucket: tenant.bucket.name, ledgerName: 'web-events' };
    await tenant.apply(sourceManifest(spec, { name: 'later' }));
    const ready = async () => readyOf(await tenant.source('later'));
    await waitFor('it waits', async () => (await ready()) === 'False/ConflictingResource');
    await world.controlPlane.kubectl(['delete', 's3src', 'web-events', '-n', tenant.namespace]);
    await waitFor('it begins', async () => (await ready()) === 'True/Succeeded');
    assert.equal((await tenant.source('later')).status.files?.imported, 1);
  });
});
