import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import { TerminalError } from '../../../lib/errors.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import { waitingFor } from '../../support/builders/worker-pod.ts';
import { judgeByKstatus, reasonWithoutKstatus, type Verdict } from '../../support/kstatus/kstatus.ts';
import { createSourceWorld, type SourceWorld } from '../../support/source-world.ts';

interface Case {
  readonly name: string;
  readonly expected: Verdict['status'];
  /** Brings the source of a world to the state; a pass follows unless `isStale`. */
  readonly reach: (world: SourceWorld) => Promise<unknown>;
  readonly isStale?: true;
}

const refused = (reason: string) => (world: SourceWorld) => {
  world.bucket.listPage = () =>
    Promise.reject(new TerminalError({ reason, message: `What S3 said: ${reason}.` }));
  return Promise.resolve();
};

const cases: readonly Case[] = [
  {
    name: 'one that was applied a moment ago, and that nobody has looked at',
    expected: 'InProgress',
    reach: () => Promise.resolve(),
    isStale: true,
  },
  {
    name: 'one that imports',
    expected: 'Current',
    reach: (world) => Promise.resolve(world.bucket.put('web/a.json')),
  },
  { name: 'one whose prefix is empty', expected: 'Current', reach: () => Promise.resolve() },
  {
    name: 'one whose spec has changed since',
    expected: 'InProgress',
    reach: async (world) => {
      await world.reconcile();
      await world.applySource({ files: { format: 'JSONLines', compression: 'Gzip' } });
    },
    isStale: true,
  },
  {
    name: 'one that is suspended',
    expected: 'Current',
    reach: (world) => world.applySource({ suspend: true }),
  },
  { name: 'one that may pass by itself', expected: 'InProgress', reach: refused('Throttled') },
  {
    name: 'one that was denied something a moment ago',
    expected: 'InProgress',
    reach: refused('ListDenied'),
  },
  {
    name: 'one that was denied something for ten minutes',
    expected: 'Failed',
    reach: async (world) => {
      await refused('ListDenied')(world);
      await world.reconcile().catch(() => {});
      await world.clock.advance(10 * 60_000);
    },
  },
  { name: 'one that needs a person', expected: 'Failed', reach: refused('BucketNotFound') },
  {
    name: 'one that waits for its Secret',
    expected: 'InProgress',
    reach: (world) =>
      world.client.delete(resourceTypes.secrets, { namespace: world.namespace, name: 'lake-keys' }),
  },
  {
    name: 'one whose workers lack a Secret',
    expected: 'Failed',
    reach: async (world) => {
      world.bucket.put('web/a.json');
      await world.reconcile();
      const [job] = await world.jobs();
      const name = job?.metadata.name ?? '';
      await world.setJobStatus(name, { active: 1, startTime: '2026-01-01T00:00:00Z' });
      await world.addPod(name, { status: waitingFor('CreateContainerConfigError', 'secret "x" not found') });
    },
  },
];

async function recorded({ reach, isStale }: Case): Promise<S3ImportSource> {
  const world = await createSourceWorld();
  try {
    await reach(world);
    if (isStale !== true) await world.reconcile().catch(() => {});
    return await world.source();
  } finally {
    await world.stop();
  }
}

suite(
  'kstatus, by which Flux and Helm wait, says of a source',
  { skip: await reasonWithoutKstatus() },
  async () => {
    const objects: S3ImportSource[] = [];
    for (const one of cases) objects.push(await recorded(one));
    const verdicts = await judgeByKstatus(objects);
    for (const [index, { name, expected }] of cases.entries()) {
      test(`${name}: ${expected}`, () => {
        const verdict = verdicts[index];
        assert.equal(verdict?.status, expected, JSON.stringify([verdict, objects[index]?.status.conditions]));
      });
    }

    test('one that is being deleted: Terminating', async () => {
      const [object] = objects;
      const metadata = { ...object?.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
      const [verdict] = await judgeByKstatus([{ ...object, metadata }]);
      assert.equal(verdict?.status, 'Terminating');
    });
  },
);
