import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exitCodes } from '../../../../lib/contract/exit-codes.ts';
import { workerMemoryEnvironment } from '../../../../lib/contract/worker-memory.ts';
import { workerEnvironment } from '../../../../lib/contract/task.ts';
import {
  buildWorkerJob,
  buildWorkerTemplate,
  type Job,
  type PodTemplate,
  type WorkerTemplateInput,
} from '../../../../operator/resources/worker-job.ts';
import { importTask } from '../../../support/builders/import-task.ts';

function templateInput(changes: Partial<WorkerTemplateInput> = {}): WorkerTemplateInput {
  return {
    image: 'registry.example/millrace:1',
    sourceLabel: 'web-events',
    task: importTask(),
    secrets: {
      storeUrl: { name: 'analytics-db', key: 'url' },
      storeCa: { name: 'analytics-db', key: 'ca.crt' },
      s3Credentials: 'acme-lake-key',
    },
    secretsRevision: 'revision-1',
    pod: { resources: { limits: { memory: '512Mi' } } },
    ...changes,
  };
}

function workerJobOf(template: PodTemplate, size = 3): Job {
  return buildWorkerJob({
    namespace: 'acme',
    name: 'web-events-12-abcdef01',
    owner: {
      apiVersion: 'millrace.dev/v1alpha1',
      kind: 'S3ImportSource',
      name: 'web-events',
      uid: 'uid',
      controller: true,
      blockOwnerDeletion: true,
    },
    run: 12,
    size,
    template,
    templateHash: 'abcdef0123456789',
  });
}

interface Container {
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  }[];
  readonly [field: string]: unknown;
}

function containerOf(template: PodTemplate): Container {
  const containers = template.spec['containers'] as readonly Container[];
  assert.equal(containers.length, 1);
  return containers[0] as Container;
}

function variable(template: PodTemplate, name: string) {
  return containerOf(template).env.find((one) => one.name === name);
}

suite('the pod of a worker', () => {
  test('is as hardened as Pod Security’s level restricted asks', () => {
    const template = buildWorkerTemplate(templateInput());
    const { spec } = template;
    assert.deepEqual(spec['securityContext'], {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.deepEqual(containerOf(template)['securityContext'], {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    for (const field of ['volumes', 'hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) {
      assert.equal(spec[field], undefined);
    }
  });

  test('has no token of the Kubernetes API, and no addresses of other services', () => {
    const { spec } = buildWorkerTemplate(templateInput());
    assert.equal(spec['automountServiceAccountToken'], false);
    assert.equal(spec['enableServiceLinks'], false);
    assert.equal(spec['serviceAccountName'], undefined);
  });

  test('[C-10] gets its secrets by reference alone, and only from the Secrets that the specs name', () => {
    const template = buildWorkerTemplate(
      templateInput({
        secrets: {
          storeUrl: { name: 'analytics-db', key: 'url' },
          storeCa: { name: 'analytics-db', key: 'ca.crt' },
          s3Ca: { name: 'lake-ca', key: 'ca.pem' },
          s3Credentials: 'acme-lake-key',
        },
      }),
    );
    const names = workerEnvironment;
    const byReference = {
      [names.storeUrl]: { secretKeyRef: { name: 'analytics-db', key: 'url' } },
      [names.storeCa]: { secretKeyRef: { name: 'analytics-db', key: 'ca.crt', optional: true } },
      [names.s3Ca]: { configMapKeyRef: { name: 'lake-ca', key: 'ca.pem' } },
      [names.accessKeyId]: { secretKeyRef: { name: 'acme-lake-key', key: 'accessKeyID' } },
      [names.secretAccessKey]: { secretKeyRef: { name: 'acme-lake-key', key: 'secretAccessKey' } },
      [names.sessionToken]: {
        secretKeyRef: { name: 'acme-lake-key', key: 'sessionToken', optional: true },
      },
    };
    for (const [name, valueFrom] of Object.entries(byReference)) {
      assert.deepEqual(variable(template, name), { name, valueFrom });
    }
    const plain = containerOf(template).env.filter(({ value }) => value !== undefined);
    assert.deepEqual(
      plain.map(({ name }) => name),
      [names.task, ...Object.keys(workerMemoryEnvironment), names.reportPath],
    );
  });

  test('finds its task in its environment, and tells its report where Kubernetes looks for it', () => {
    const template = buildWorkerTemplate(templateInput());
    const task = variable(template, workerEnvironment.task);
    assert.deepEqual(JSON.parse(task?.value ?? ''), importTask());
    const path = variable(template, workerEnvironment.reportPath)?.value;
    assert.equal(path, containerOf(template)['terminationMessagePath']);
    assert.deepEqual(containerOf(template)['args'], ['worker', 'import-shard']);
  });

  test('has a user’s labels beside its own, and never in their place', () => {
    const labels = { team: 'growth', 'app.kubernetes.io/managed-by': 'me' };
    const template = buildWorkerTemplate(templateInput({ pod: { resources: {}, labels } }));
    assert.deepEqual(template.metadata.labels, {
      team: 'growth',
      'app.kubernetes.io/managed-by': 'millrace',
      'app.kubernetes.io/component': 'worker',
      'millrace.dev/import-source': 'web-events',
    });
  });

  test('takes of what a user says only resources, and which nodes it may run on', () => {
    const scheduling = {
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'batch', operator: 'Exists' }],
      priorityClassName: 'low',
    };
    const pod = { resources: { requests: { cpu: '1' } }, ...scheduling, hostNetwork: true };
    const template = buildWorkerTemplate(templateInput({ pod }));
    const { nodeSelector, tolerations, priorityClassName, hostNetwork } = template.spec;
    assert.deepEqual({ nodeSelector, tolerations, priorityClassName }, scheduling);
    assert.equal(hostNetwork, undefined);
    assert.deepEqual(containerOf(template)['resources'], { requests: { cpu: '1' } });
  });
});

suite('the Job of a run', () => {
  const job = workerJobOf(buildWorkerTemplate(templateInput()));

  test('is Indexed, with as many workers as shards, each tried again a few times', () => {
    assert.equal(job.spec['completionMode'], 'Indexed');
    assert.deepEqual([job.spec.parallelism, job.spec.completions], [3, 3]);
    assert.equal(job.spec['backoffLimitPerIndex'], 5);
    // Absent: a worker that fails for good ends none of the others.
    assert.equal(job.spec['maxFailedIndexes'], undefined);
    // A worker's place is given away only when it is gone, so that two never do the work of one.
    assert.equal(job.spec['podReplacementPolicy'], 'Failed');
    assert.equal(job.spec.template.spec['restartPolicy'], 'Never');
  });

  test('fails whole for a refused task, key or action, and puts up with evictions', () => {
    assert.deepEqual(job.spec['podFailurePolicy'], {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        {
          action: 'FailJob',
          onExitCodes: {
            containerName: containerOf(job.spec.template)['name'],
            operator: 'In',
            values: [exitCodes.configuration, exitCodes.credentials, exitCodes.permission],
          },
        },
      ],
    });
  });

  test('is cleared away after an hour, and with its source', () => {
    assert.equal(job.spec['ttlSecondsAfterFinished'], 3600);
    assert.deepEqual(
      job.metadata.ownerReferences?.map(({ name, controller }) => [name, controller]),
      [['web-events', true]],
    );
  });

  test('tells run and template in annotations, and the template to its workers', () => {
    const { annotations } = job.metadata;
    assert.equal(annotations?.['millrace.dev/run'], '12');
    assert.equal(annotations?.['millrace.dev/template-hash'], 'abcdef0123456789');
    const told = variable(job.spec.template, workerEnvironment.templateHash);
    assert.equal(told?.value, 'abcdef0123456789');
  });

  test('has the labels by which the operator sees it, and none of a user’s', () => {
    const pod = { resources: {}, labels: { team: 'growth' } };
    const labelled = workerJobOf(buildWorkerTemplate(templateInput({ pod })));
    assert.deepEqual(Object.keys(labelled.metadata.labels ?? {}).toSorted(), [
      'app.kubernetes.io/component',
      'app.kubernetes.io/managed-by',
      'millrace.dev/import-source',
    ]);
  });

  test('is the same for the same facts', () => {
    assert.deepEqual(workerJobOf(buildWorkerTemplate(templateInput())), job);
  });

  test('its container has a port for metrics where the operator names one, and tells it to the worker', () => {
    const without = containerOf(buildWorkerTemplate(templateInput()));
    assert.equal(without['ports'], undefined);
    assert.ok(without.env.every(({ name }) => name !== workerEnvironment.metricsPort));
    const container = containerOf(buildWorkerTemplate(templateInput({ metricsPort: 9090 })));
    assert.deepEqual(container['ports'], [{ name: 'metrics', containerPort: 9090 }]);
    const told = container.env.find(({ name }) => name === workerEnvironment.metricsPort);
    assert.equal(told?.value, '9090');
  });
});
