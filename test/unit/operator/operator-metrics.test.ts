import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TransientError } from '../../../lib/errors.ts';
import { createMetrics } from '../../../lib/metrics.ts';
import {
  meterStatusWrites,
  observeObjects,
  type ObservedObjects,
} from '../../../operator/operator-metrics.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import type { ApiClient } from '../../../operator/runtime/api-client.ts';
import { ApiError } from '../../../operator/runtime/api-error.ts';
import { createStore } from '../../../operator/runtime/store.ts';
import type { Job } from '../../../operator/resources/worker-job.ts';
import { workerJob } from '../../support/builders/jobs.ts';
import {
  condition,
  connection,
  importSource,
  suspended,
  withMetadata,
  withStatus,
} from '../../support/builders/resources.ts';

function caches() {
  return {
    S3Connection: createStore(),
    EventStore: createStore(),
    S3ImportSource: createStore(),
  } as unknown as ObservedObjects & {
    readonly [K in keyof ObservedObjects]: { put(object: unknown): void };
  };
}

const busy = withStatus({
  observedGeneration: 1,
  conditions: [condition('Ready', { status: 'False', reason: 'ListDenied' }), condition('Stalled')],
  files: { found: 9, pending: 4 },
  records: { imported: 500 },
  shards: { desired: 2 },
  lagSeconds: 120,
  latency: { files: 9, medianSeconds: 4, p99Seconds: 20 },
  permissions: [
    { action: 's3:GetObject', resource: 'arn:aws:s3:::acme-events/*', result: 'Allowed' },
    { action: 's3:ListBucket', resource: 'arn:aws:s3:::acme-events', result: 'Denied' },
  ],
});

suite('the metrics of objects', () => {
  test('say how many are ready, and why the others are not', async () => {
    const [objects, metrics] = [caches(), createMetrics()];
    observeObjects(objects, createStore(), metrics);
    objects.S3Connection.put(connection());
    objects.S3ImportSource.put(importSource(busy));
    objects.S3ImportSource.put(importSource(suspended, withMetadata({ name: 'other', uid: 'b' })));
    const text = await metrics.render();
    for (const series of [
      'millrace_resources{kind="S3Connection",ready="True",reason="Succeeded",stalled="false",suspended="false"} 1',
      'millrace_resources{kind="S3ImportSource",ready="False",reason="ListDenied",stalled="true",suspended="false"} 1',
      'millrace_resources{kind="S3ImportSource",ready="Unknown",reason="",stalled="false",suspended="true"} 1',
      'millrace_resource_condition{kind="S3ImportSource",namespace="acme",name="web-events",type="Ready",status="False",reason="ListDenied"} 1',
      'millrace_permission_denied{namespace="acme",name="web-events",action="s3:ListBucket"} 1',
      'millrace_permission_denied{namespace="acme",name="web-events",action="s3:GetObject"} 0',
      'millrace_import_latency_seconds{namespace="acme",name="web-events",quantile="0.5"} 4',
      'millrace_import_latency_seconds{namespace="acme",name="web-events",quantile="0.99"} 20',
      'millrace_import_lag_seconds{namespace="acme",name="web-events"} 120',
      'millrace_import_files{namespace="acme",name="web-events",state="pending"} 4',
      'millrace_import_records{namespace="acme",name="web-events",outcome="imported"} 500',
      'millrace_import_shards{namespace="acme",name="web-events",state="desired"} 2',
    ]) {
      assert.ok(text.includes(`${series}\n`), `${series} is not in\n${text}`);
    }
  });

  test('forget an object that is gone', async () => {
    const [objects, metrics] = [caches(), createMetrics()];
    observeObjects(objects, createStore(), metrics);
    const store = createStore();
    observeObjects({ ...objects, S3ImportSource: store as never }, createStore(), metrics);
    store.put(importSource(busy));
    assert.match(await metrics.render(), /name="web-events"/);
    store.remove(importSource(busy));
    assert.doesNotMatch(await metrics.render(), /name="web-events"/);
  });

  test('say how many workers there are, of all Jobs together', async () => {
    const [jobs, metrics] = [createStore<Job>(), createMetrics()];
    observeObjects(caches(), jobs, metrics);
    const status = { active: 3, ready: 2, terminating: 1, succeeded: 4, failed: 1 };
    jobs.put(workerJob({ status }));
    jobs.put(workerJob({ status: { active: 2 }, source: 'other' }));
    const text = await metrics.render();
    for (const series of [
      'millrace_worker_pods{phase="starting"} 3',
      'millrace_worker_pods{phase="ready"} 2',
      'millrace_worker_pods{phase="terminating"} 1',
      'millrace_worker_pods{phase="succeeded"} 4',
      'millrace_worker_pods{phase="failed"} 1',
    ]) {
      assert.ok(text.includes(`${series}\n`), `${series} is not in\n${text}`);
    }
  });

  test('stay few: beyond a thousand sources there is no series of a single one', async () => {
    const [objects, metrics] = [caches(), createMetrics()];
    observeObjects(objects, createStore(), metrics);
    for (let index = 0; index <= 1_000; index += 1) {
      objects.S3ImportSource.put(
        importSource(busy, withMetadata({ name: `s${index}`, uid: `uid ${index}` })),
      );
    }
    const text = await metrics.render();
    assert.doesNotMatch(text, /name="s1"/);
    assert.match(text, /millrace_resources\{kind="S3ImportSource",.*\} 1001/);
  });
});

suite('the metric of written statuses', () => {
  test('counts them by what became of them, and leaves other calls as they are', async () => {
    const metrics = createMetrics();
    const answers: (() => Promise<unknown>)[] = [
      () => Promise.resolve({}),
      () => Promise.reject(refused(409, 'Conflict')),
      () => Promise.reject(refused(500, 'InternalError')),
    ];
    const client = {
      applyStatus: () => answers.shift()?.(),
      list: () => Promise.resolve({ items: [], resourceVersion: '1' }),
    } as unknown as ApiClient;
    const metered = meterStatusWrites(client, metrics);
    const write = () => metered.applyStatus(resourceTypes.s3ImportSources, importSource()).catch(() => {});
    for (let count = 0; count < 3; count += 1) await write();
    assert.deepEqual((await metered.list(resourceTypes.jobs)).items, []);
    const text = await metrics.render();
    for (const outcome of ['written', 'conflict', 'failed']) {
      assert.ok(
        text.includes(`millrace_status_writes_total{kind="S3ImportSource",outcome="${outcome}"} 1\n`),
        text,
      );
    }
  });

  function refused(code: number, statusReason: string): TransientError {
    const cause = new ApiError({ code, statusReason, message: 'no' });
    return new TransientError({ reason: 'ApiServerUnavailable', message: 'no', cause });
  }
});
