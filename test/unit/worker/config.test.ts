import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { workerEnvironment } from '../../../lib/contract/task.ts';
import { loadWorkerConfig } from '../../../worker/config.ts';
import { importTask } from '../../support/builders/import-task.ts';

const names = workerEnvironment;
const environment = {
  [names.task]: JSON.stringify(importTask()),
  [names.templateHash]: 'hash-1',
  [names.storeUrl]: 'postgres://millrace:a-password@db/events',
  [names.accessKeyId]: 'AKIDEXAMPLE',
  [names.secretAccessKey]: 'a-secret-key',
};

function refusalOf(changes: Readonly<Record<string, string | undefined>>): string {
  let message = '';
  assert.throws(
    () => loadWorkerConfig({ ...environment, ...changes }),
    (error: { readonly reason?: string; readonly message: string }) => {
      message = error.message;
      return error.reason === 'WorkerConfigInvalid';
    },
  );
  return message;
}

suite('the configuration of a worker', () => {
  test('is what its environment says', () => {
    const config = loadWorkerConfig({
      ...environment,
      [names.podName]: 'web-events-1-0',
      [names.reportPath]: '/dev/termination-log',
      [names.storeCa]: 'pem 1',
      [names.s3Ca]: 'pem 2',
      [names.sessionToken]: 'a-token',
      [names.metricsPort]: '9090',
    });
    assert.deepEqual(config, {
      task: importTask(),
      templateHash: 'hash-1',
      claimant: 'web-events-1-0',
      slot: undefined,
      reportPath: '/dev/termination-log',
      metricsPort: 9090,
      store: { url: 'postgres://millrace:a-password@db/events', caPem: 'pem 1' },
      s3: {
        caPem: 'pem 2',
        keys: {
          accessKeyId: 'AKIDEXAMPLE',
          secretAccessKey: 'a-secret-key',
          sessionToken: 'a-token',
        },
        tokenFile: undefined,
      },
    });
  });

  test('does without what is optional', () => {
    const config = loadWorkerConfig(environment);
    assert.match(config.claimant, /^process-\d+$/);
    assert.deepEqual(
      [config.reportPath, config.metricsPort, config.store.caPem, config.s3.keys?.sessionToken],
      [undefined, undefined, undefined, undefined],
    );
  });

  test('refuses a port that is none', () => {
    for (const port of ['http', '-1', '70000', '8080.5']) {
      assert.match(refusalOf({ [names.metricsPort]: port }), /^MILLRACE_METRICS_PORT is not a port/);
    }
  });

  for (const name of Object.keys(environment)) {
    test(`names ${name} when it is not set, or empty`, () => {
      assert.match(refusalOf({ [name]: undefined }), new RegExp(`^${name} is not set`));
      assert.match(refusalOf({ [name]: '' }), new RegExp(`^${name} is not set`));
    });
  }

  test('names what the task lacks', () => {
    assert.match(refusalOf({ [names.task]: '{' }), /MILLRACE_TASK is not JSON/);
    assert.match(refusalOf({ [names.task]: '[]' }), /is not a task of the kind import-shard/);
    assert.match(refusalOf({ [names.task]: '{"kind":"export-window"}' }), /of the kind import-shard/);
    for (const member of [
      'sourceId',
      'bucket',
      'prefix',
      'connection',
      'store',
      'projectId',
      'files',
      'destination',
      'limits',
    ]) {
      const task = { ...importTask(), [member]: undefined };
      assert.match(refusalOf({ [names.task]: JSON.stringify(task) }), new RegExp(`has no ${member}\\.`));
    }
  });

  test('[C-10] quotes no value in what it says', () => {
    const message = refusalOf({ [names.task]: 'a-secret-key and a-password' });
    assert.equal(/a-secret-key|a-password/.test(message), false);
  });
});
