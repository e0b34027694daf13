/**
 * What Indexed Jobs do, as far as this project relies on it: run over the API in memory with its own Job controller, and
 * over a real API server with the real one (`test/integration/local/jobs.test.ts`). In both, the pods are processes.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { createPodRunner, type PodRunner } from '../../cli/local/pod-runner.ts';
import type { Job, JobSpec } from '../../cli/local/jobs/job.ts';
import type { Container, Pod } from '../../cli/local/pod.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import type { KubernetesObject } from '../../operator/runtime/objects.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { runtimeDeps } from '../support/runtime-deps.ts';

export interface JobWorld {
  readonly client: ApiClient;
  createNamespace(prefix: string): Promise<string>;
  /** Of the pods. */
  readonly stateDir: string;
  stop(): Promise<void>;
}

const patienceMs = 90_000;

/** A shell script as the container of each index. */
function jobOf(
  name: string,
  script: string,
  changes: Partial<JobSpec> & { container?: Partial<Container> } = {},
) {
  const { container, ...spec } = changes;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completionMode: 'Indexed',
      completions: 1,
      parallelism: spec.completions ?? 1,
      backoffLimitPerIndex: 1,
      template: {
        metadata: { labels: { 'app.kubernetes.io/managed-by': 'millrace' }, annotations: { note: 'kept' } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 1,
          containers: [
            { name: 'worker', image: 'example.com/work:1', command: ['/bin/sh', '-c', script], ...container },
          ],
        },
      },
      ...spec,
    },
  };
}

export function jobsSuite(name: string, start: () => Promise<JobWorld>): void {
  suite(name, () => {
    let world: JobWorld;
    let runner: PodRunner;
    let running: Promise<void>;
    const stop = new AbortController();
    before(async () => {
      world = await start();
      runner = createPodRunner(
        {
          stateDir: world.stateDir,
          environment: { PATH: '/usr/bin:/bin' },
          command: ([program = '', ...args]) => [program, args],
        },
        { ...runtimeDeps(), client: world.client },
      );
      running = runner.run(stop.signal);
    });
    after(async () => {
      stop.abort();
      await running;
      await world.stop();
    });

    async function begin(job: ReturnType<typeof jobOf>) {
      const namespace = await world.createNamespace('jobs');
      const key = { namespace, name: job.metadata.name };
      await world.client.create(resourceTypes.jobs, { ...job, metadata: { ...job.metadata, namespace } });
      const get = () => world.client.find<Job>(resourceTypes.jobs, key);
      const conditions = async () =>
        ((await get())?.status?.conditions ?? [])
          .filter(({ status }) => status === 'True')
          .map(({ type, reason }) => `${type} ${reason}`);
      return {
        namespace,
        key,
        get,
        conditions,
        status: async () => (await get())?.status ?? {},
        pods: async () => [...(await world.client.list<Pod>(resourceTypes.pods, { namespace })).items],
        untilFinished: (word: 'Complete' | 'Failed') =>
          waitUntil(`the Job is ${word}`, patienceMs, async () =>
            (await conditions()).some((condition) => condition.startsWith(`${word} `)),
          ),
        untilRunning: (count: number) =>
          waitUntil(`${count} processes run`, patienceMs, () => processesOf(namespace).length === count),
        change: (spec: object) =>
          world.client.patch(resourceTypes.jobs, key, { kind: 'merge', patch: { spec } }),
      };
    }

    function processesOf(namespace: string) {
      return runner.processes().filter(({ key }) => key.namespace === namespace);
    }

    function create(
      namespace: string,
      object: Record<string, unknown> & { kind: 'Secret' | 'ConfigMap' },
      name: string,
    ) {
      const type = object.kind === 'Secret' ? resourceTypes.secrets : resourceTypes.configMaps;
      return world.client.create<KubernetesObject>(type, {
        apiVersion: 'v1',
        ...object,
        metadata: { name, namespace },
      });
    }

    test('[I-10] every index of a Job runs once, is told its number, and the Job is complete', async () => {
      const script = 'echo "index $JOB_COMPLETION_INDEX" > $REPORT';
      const env = [{ name: 'REPORT', value: '/dev/termination-log' }];
      const job = await begin(jobOf('count', script, { completions: 3, container: { env } }));
      await job.untilFinished('Complete');
      const status = await job.status();
      assert.deepEqual([status.succeeded, status.completedIndexes, status.failed ?? 0], [3, '0-2', 0]);
      assert.ok(status.completionTime !== undefined && status.startTime !== undefined);
      assert.deepEqual(await job.conditions(), [
        'SuccessCriteriaMet CompletionsReached',
        'Complete CompletionsReached',
      ]);
      const pods = (await job.pods()).toSorted((a, b) => indexOf(a).localeCompare(indexOf(b)));
      assert.deepEqual(pods.map(indexOf), ['0', '1', '2']);
      for (const pod of pods) {
        const index = indexOf(pod);
        assert.match(pod.metadata.name ?? '', new RegExp(`^count-${index}-.{5}$`, 'u'));
        assert.equal(pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'], index);
        assert.equal(pod.metadata.annotations?.['note'], 'kept');
        assert.equal(pod.metadata.finalizers, undefined);
        assert.equal(pod.status?.phase, 'Succeeded');
        const state = pod.status?.containerStatuses?.[0]?.state.terminated;
        assert.deepEqual(
          [state?.exitCode, state?.reason, state?.message],
          [0, 'Completed', `index ${index}\n`],
        );
      }
    });

    test('a container gets values of Secrets, ConfigMaps and its own pod, and nothing else', async () => {
      const env = [
        { name: 'PLAIN', value: 'a $(SECRET) $$(SECRET)' },
        { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'keys', key: 'password' } } },
        { name: 'CONFIG', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
        { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'none', key: 'colour', optional: true } } },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'NOTE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['note']" } } },
        { name: 'LATER', value: '$(SECRET)' },
        { name: 'REPORT', value: '/dev/termination-log' },
        { name: 'FILE', value: '/etc/keys/password' },
      ];
      const script =
        'echo "$PLAIN|$SECRET|$CONFIG|${NONE-none}|$POD|$NOTE|$LATER|$(cat $FILE)|${HOME-nohome}" > $REPORT';
      const volumeMounts = [{ name: 'keys', mountPath: '/etc/keys' }];
      const plain = jobOf('values', script, { container: { env, volumeMounts }, suspend: true });
      const spec = {
        ...plain.spec.template.spec,
        volumes: [{ name: 'keys', secret: { secretName: 'keys' } }],
      };
      const job = await begin({
        ...plain,
        spec: { ...plain.spec, template: { ...plain.spec.template, spec } },
      });
      await create(job.namespace, { kind: 'Secret', stringData: { password: 'hush' } }, 'keys');
      await create(job.namespace, { kind: 'ConfigMap', data: { colour: 'red' } }, 'settings');
      await job.change({ suspend: false });
      await job.untilFinished('Complete');
      const [pod] = await job.pods();
      const message = pod?.status?.containerStatuses?.[0]?.state.terminated?.message;
      assert.equal(
        message,
        `a $(SECRET) $(SECRET)|hush|red|none|${pod?.metadata.name}|kept|hush|hush|nohome\n`,
      );
    });

    test('a container waits for a Secret that does not exist yet, and says so', async () => {
      const env = [{ name: 'SECRET', valueFrom: { secretKeyRef: { name: 'keys', key: 'password' } } }];
      const job = await begin(jobOf('waiting', 'true', { container: { env } }));
      const waiting = async () => (await job.pods())[0]?.status?.containerStatuses?.[0]?.state.waiting;
      await waitUntil('the pod says why it waits', patienceMs, async () => (await waiting()) !== undefined);
      assert.deepEqual(await waiting(), {
        reason: 'CreateContainerConfigError',
        message: 'secret "keys" not found',
      });
      await create(job.namespace, { kind: 'Secret', stringData: { password: 'hush' } }, 'keys');
      await job.untilFinished('Complete');
    });

    test('a failed index is tried again, and given up after its limit while the others go on', async () => {
      const script = 'test "$JOB_COMPLETION_INDEX" != 1 || { echo broken >&2; exit 3; }';
      const container = { terminationMessagePolicy: 'FallbackToLogsOnError' as const };
      const job = await begin(jobOf('broken', script, { completions: 3, container }));
      await job.untilFinished('Failed');
      const status = await job.status();
      assert.deepEqual(
        [status.succeeded, status.completedIndexes, status.failed, status.failedIndexes],
        [2, '0,2', 2, '1'],
      );
      assert.deepEqual(await job.conditions(), ['FailureTarget FailedIndexes', 'Failed FailedIndexes']);
      const failed = (await job.pods()).filter((pod) => pod.status?.phase === 'Failed');
      const counts = failed.map(
        (pod) => pod.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'],
      );
      assert.deepEqual(new Set(counts), new Set(['0', '1']));
      const ends = failed.map((pod) => pod.status?.containerStatuses?.[0]?.state.terminated);
      assert.deepEqual(
        ends.map((end) => [end?.exitCode, end?.reason, end?.message]),
        [
          [3, 'Error', 'broken\n'],
          [3, 'Error', 'broken\n'],
        ],
      );
    });

    test('an exit code for which the policy says so fails the whole Job at once', async () => {
      const script = 'test "$JOB_COMPLETION_INDEX" != 1 || exit 10; exec sleep 300';
      const rules = [
        { action: 'FailJob' as const, onExitCodes: { operator: 'In' as const, values: [10, 11] } },
      ];
      const job = await begin(jobOf('fatal', script, { completions: 2, podFailurePolicy: { rules } }));
      await job.untilFinished('Failed');
      assert.deepEqual(await job.conditions(), ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy']);
      const failed = (await job.pods()).find(
        (pod) => pod.status?.containerStatuses?.[0]?.state.terminated?.exitCode === 10,
      );
      const condition = (await job.status()).conditions?.find(({ type }) => type === 'Failed');
      assert.equal(
        condition?.message,
        `Container worker for pod ${job.namespace}/${failed?.metadata.name} failed with exit code 10 matching FailJob rule at index 0`,
      );
      assert.deepEqual(processesOf(job.namespace), []);
      assert.equal((await job.status()).active ?? 0, 0);
    });

    test('exit codes that the policy fails the index for, or ignores, do so', async () => {
      const script =
        'case $JOB_COMPLETION_INDEX in 0) exit 20;; 1) test -e $MARK || { touch $MARK; exit 30; };; esac';
      const rules = [
        { action: 'FailIndex' as const, onExitCodes: { operator: 'In' as const, values: [20] } },
        { action: 'Ignore' as const, onExitCodes: { operator: 'In' as const, values: [30] } },
        { action: 'Count' as const, onExitCodes: { operator: 'NotIn' as const, values: [20, 30] } },
      ];
      const env = [{ name: 'MARK', value: `${world.stateDir}/mark` }];
      const changes = {
        completions: 2,
        backoffLimitPerIndex: 0,
        podFailurePolicy: { rules },
        container: { env },
      };
      const job = await begin(jobOf('judged', script, changes));
      await job.untilFinished('Failed');
      const status = await job.status();
      assert.deepEqual([status.completedIndexes, status.failedIndexes, status.failed], ['1', '0', 1]);
      assert.deepEqual(await job.conditions(), ['FailureTarget FailedIndexes', 'Failed FailedIndexes']);
    });

    test('[I-14] a suspended Job ends its pods in peace, and a resumed one begins again', async () => {
      const job = await begin(jobOf('paused', 'exec sleep 300', { completions: 2 }));
      await job.untilRunning(2);
      await waitUntil('both are active', patienceMs, async () => (await job.status()).ready === 2);
      await job.change({ suspend: true });
      await waitUntil('the Job is suspended', patienceMs, async () =>
        (await job.conditions()).includes('Suspended JobSuspended'),
      );
      await job.untilRunning(0);
      await waitUntil('the pods are gone', patienceMs, async () => (await job.pods()).length === 0);
      await waitUntil('none is active', patienceMs, async () => ((await job.status()).active ?? 0) === 0);
      await job.change({ suspend: false });
      await job.untilRunning(2);
      assert.deepEqual(await job.conditions(), []);
    });

    test('[I-10] a Job grows and shrinks while it runs', async () => {
      const job = await begin(jobOf('elastic', 'exec sleep 300', { completions: 1 }));
      await job.untilRunning(1);
      await job.change({ completions: 3, parallelism: 3 });
      await job.untilRunning(3);
      await job.change({ completions: 1, parallelism: 1 });
      await job.untilRunning(1);
      const living = (await job.pods()).filter(
        (pod) => pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined,
      );
      assert.deepEqual(living.map(indexOf), ['0']);
    });

    test('a process that is killed is a failure with its signal in the exit code, and is replaced', async () => {
      const mark = `${world.stateDir}/killed`;
      const job = await begin(
        jobOf('killed', 'test -e $MARK || { touch $MARK; exec sleep 300; }', {
          container: { env: [{ name: 'MARK', value: mark }] },
        }),
      );
      await job.untilRunning(1);
      await waitUntil('it has left its mark', patienceMs, () => existsSync(mark));
      const [process_] = processesOf(job.namespace);
      assert.ok(process_ !== undefined);
      process.kill(process_.pid, 'SIGKILL');
      await job.untilFinished('Complete');
      const ends = (await job.pods()).map(
        (pod) => pod.status?.containerStatuses?.[0]?.state.terminated?.exitCode,
      );
      assert.deepEqual(new Set(ends), new Set([0, 137]));
      assert.equal((await job.status()).failed, 1);
    });

    test('a process that ignores its end is ended by force after the grace period', async () => {
      const job = await begin(jobOf('stubborn', 'trap "" TERM; while :; do sleep 1; done'));
      await job.untilRunning(1);
      await waitUntil('it is ready', patienceMs, async () => (await job.status()).ready === 1);
      await world.client.delete(resourceTypes.jobs, job.key, { propagation: 'Background' });
      await job.untilRunning(0);
      await waitUntil(
        'pods and Job are gone',
        patienceMs,
        async () => (await job.pods()).length === 0 && (await job.get()) === undefined,
      );
    });

    test('a finished Job goes after its time, with its pods', async () => {
      const job = await begin(jobOf('brief', 'true', { ttlSecondsAfterFinished: 1 }));
      await waitUntil('the Job is gone', patienceMs, async () => (await job.get()) === undefined);
      await waitUntil('its pods are gone', patienceMs, async () => (await job.pods()).length === 0);
    });
  });
}

function indexOf(pod: Pod): string {
  return pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? '';
}
