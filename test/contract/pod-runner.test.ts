import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openPodLog, pruneLogs } from '../../cli/local/pod-log.ts';
import { createPodRunner, type PodRunnerOptions } from '../../cli/local/pod-runner.ts';
import type { Pod } from '../../cli/local/pod.ts';
import { systemClock } from '../../lib/clock.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import { createApiClient } from '../../operator/runtime/api-client.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { startMemoryApi } from '../support/memory-api.ts';
import { runtimeDeps } from '../support/runtime-deps.ts';

const patienceMs = 60_000;

/** An API with pods that nobody controls, and a runner that can be stopped and started again. */
async function openWorld(test: { after(fn: () => Promise<void>): void }) {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-pods-'));
  const api = startMemoryApi();
  const client = createApiClient({ transport: api.transport, clock: systemClock, fieldManager: 'test' });
  const runners: (() => Promise<void>)[] = [];
  test.after(async () => {
    await Promise.all(runners.map((stop) => stop()));
    await api.stop();
    await rm(stateDir, { recursive: true, force: true });
  });
  const key = (name: string) => ({ namespace: 'default', name });
  return {
    stateDir,
    client,
    get: (name: string) => client.find<Pod>(resourceTypes.pods, key(name)),
    create: (name: string, script: string, container: object = {}) =>
      client.create(resourceTypes.pods, {
        metadata: { ...key(name), labels: { 'app.kubernetes.io/managed-by': 'millrace' } },
        spec: {
          restartPolicy: 'Never',
          // A process on a busy machine is slow to end, too.
          terminationGracePeriodSeconds: 60,
          containers: [{ name: 'main', image: 'x:1', command: ['/bin/sh', '-c', script], ...container }],
        },
      } as Pod),
    start(options: Partial<PodRunnerOptions> = {}) {
      const stopping = new AbortController();
      const runner = createPodRunner(
        {
          stateDir,
          environment: { PATH: '/usr/bin:/bin' },
          command: ([program = '', ...args]) => [program, args],
          ...options,
        },
        { ...runtimeDeps(), client },
      );
      const running = runner.run(stopping.signal);
      const stop = async () => {
        stopping.abort();
        await running;
      };
      runners.push(stop);
      return { runner, stop };
    },
  };
}

async function untilPhase(
  world: Awaited<ReturnType<typeof openWorld>>,
  name: string,
  phase: string,
): Promise<Pod> {
  let pod: Pod | undefined;
  await waitUntil(
    `${name} is ${phase}`,
    patienceMs,
    async () => (pod = await world.get(name))?.status?.phase === phase,
  );
  assert.ok(pod !== undefined);
  return pod;
}

suite('the runner of pods', () => {
  test('a pod that runs without a process, as after a crash of the runner, is told as lost by a disruption', async (t) => {
    const world = await openWorld(t);
    await world.create('lost', 'exec sleep 300');
    await world.client.patch(
      resourceTypes.pods,
      { namespace: 'default', name: 'lost' },
      {
        kind: 'merge',
        patch: { status: { phase: 'Running', startTime: '2026-11-23T18:00:00Z' } },
      },
      { subresource: 'status' },
    );
    world.start();
    const { status } = await untilPhase(world, 'lost', 'Failed');
    const end = status?.containerStatuses?.[0]?.state.terminated;
    assert.deepEqual([end?.exitCode, end?.reason], [137, 'ContainerStatusUnknown']);
    const disruption = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual([disruption?.status, disruption?.reason], ['True', 'TerminationByKubelet']);
  });

  test('a runner that is stopped ends its processes in peace, and tells how they ended', async (t) => {
    const world = await openWorld(t);
    const script = 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.1; done';
    await world.create('orderly', script);
    const lines: string[] = [];
    const { runner, stop } = world.start({ onLine: (_, line) => lines.push(line) });
    await untilPhase(world, 'orderly', 'Running');
    const [running] = runner.processes();
    assert.ok(running !== undefined);
    await waitUntil('it has set its trap', patienceMs, () => lines.includes('ready'));
    await stop();
    assert.deepEqual(runner.processes(), []);
    assert.throws(() => process.kill(running.pid, 0));
    assert.equal((await world.get('orderly'))?.status?.phase, 'Succeeded');
    const log = await readFile(join(world.stateDir, 'logs', 'default', 'orderly.log'), 'utf8');
    assert.equal(log, 'ready\nbye\n');
    assert.deepEqual(await readdir(join(world.stateDir, 'pods')), []);
  });

  test('lines of a pod are told as they come, and kept in its log', async (t) => {
    const world = await openWorld(t);
    const lines: string[] = [];
    world.start({ onLine: (pod, line) => lines.push(`${pod.metadata.name}: ${line}`) });
    await world.create('loud', 'echo one; echo two >&2');
    await untilPhase(world, 'loud', 'Succeeded');
    assert.deepEqual(lines.toSorted(), ['loud: one', 'loud: two']);
  });

  test('what a pod writes without end is kept up to a bound, the newest of it', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-log-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'pod.log');
    const log = openPodLog(path, 1000);
    for (let line = 0; line < 100; line += 1)
      log.write(`line ${String(line).padStart(2, '0')} ${'x'.repeat(91)}\n`);
    log.end();
    await once(log, 'close');
    const kept = `${await readFile(`${path}.1`, 'utf8')}${await readFile(path, 'utf8')}`;
    assert.ok(kept.length <= 2000 && kept.length >= 1000, String(kept.length));
    assert.deepEqual(
      kept.match(/^line \d\d/gmu),
      Array.from({ length: kept.length / 100 }, (_, index) => `line ${100 - kept.length / 100 + index}`),
    );
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  test('of many logs the newest are kept', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-logs-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    for (let index = 0; index < 9; index += 1) {
      await writeFile(join(folder, `${index}.log`), '');
      await utimes(join(folder, `${index}.log`), index, index);
    }
    await pruneLogs(folder, 3);
    assert.deepEqual((await readdir(folder)).toSorted(), ['6.log', '7.log', '8.log']);
    await pruneLogs(join(folder, 'nowhere'), 3);
  });

  test('the input of a process stays open, and empty, for as long as its runner lives', async (t) => {
    const world = await openWorld(t);
    const lines: string[] = [];
    world.start({ onLine: (_, line) => lines.push(line) });
    const script = 'if read -t 0.2 line; then echo given; else echo "none: $?"; fi';
    await world.create('listening', script, { command: ['/bin/bash', '--norc', '-c', script] });
    await untilPhase(world, 'listening', 'Succeeded');
    // Above 128: the time was over. At the end of the input it would be 1.
    assert.match(lines.join(), /^none: 1[2-9]\d$/u);
  });

  test('a program that does not exist is a failure with its cause', async (t) => {
    const world = await openWorld(t);
    world.start({ command: () => ['/nowhere/worker', []] });
    await world.create('absent', 'true');
    const { status } = await untilPhase(world, 'absent', 'Failed');
    const end = status?.containerStatuses?.[0]?.state.terminated;
    assert.equal(end?.reason, 'StartError');
    assert.match(end?.message ?? '', /ENOENT/u);
  });

  test('what a pod asks for and a process cannot have is refused with the reason', async (t) => {
    const world = await openWorld(t);
    world.start();
    const memory = { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } };
    await world.create('asking', 'true', { env: [memory] });
    const message = async () =>
      (await world.get('asking'))?.status?.containerStatuses?.[0]?.state.waiting?.message;
    await waitUntil('the pod says so', patienceMs, async () => (await message()) !== undefined);
    assert.equal(await message(), 'local mode cannot give the variable MEMORY a value from resources');
  });

  test('only the end of a long termination message reaches the status', async (t) => {
    const world = await openWorld(t);
    world.start();
    const env = [{ name: 'REPORT', value: '/dev/termination-log' }];
    await world.create('talkative', 'yes ü | head -c 9000 > $REPORT; printf END >> $REPORT', { env });
    const { status } = await untilPhase(world, 'talkative', 'Succeeded');
    const message = status?.containerStatuses?.[0]?.state.terminated?.message ?? '';
    assert.ok(Buffer.byteLength(message) <= 4096 && Buffer.byteLength(message) > 4000);
    assert.ok(message.endsWith('END') && !message.includes('\uFFFD'));
  });
});
