import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { TerminalError, TransientError } from '../../lib/errors.ts';
import { finished } from '../support/builders/jobs.ts';
import { endedWith, runningSince, unschedulable, waitingFor } from '../support/builders/worker-pod.ts';
import { createSourceWorld, type SourceWorld } from '../support/source-world.ts';

/** Something that happens to a source between two passes. */
interface Happening {
  readonly name: string;
  readonly happen: (world: SourceWorld) => unknown;
}

async function newestJob(world: SourceWorld): Promise<string | undefined> {
  return (await world.jobs()).toSorted((a, b) => runOf(b) - runOf(a))[0]?.metadata.name;
}

function runOf({
  metadata,
}: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}) {
  return Number(metadata.annotations?.['millrace.dev/run']);
}

function toJob(name: string, act: (world: SourceWorld, job: string) => Promise<unknown>): Happening {
  return {
    name,
    happen: async (world) => {
      const job = await newestJob(world);
      if (job !== undefined) await act(world, job);
    },
  };
}

const wanting = { active: 1, ready: 0, startTime: '2026-01-01T00:00:00Z' };
const throttled = new TransientError({ reason: 'Throttled', message: 'Slow down.' });
const denied = new TerminalError({ reason: 'ListDenied', message: 'May not list.' });
const away = new TransientError({ reason: 'StoreUnreachable', message: 'Nothing answers.' });

let files = 0;

const happenings: readonly Happening[] = [
  { name: 'a file comes', happen: ({ bucket }) => bucket.put(`web/${(files += 1)}.json`) },
  {
    name: 'an archived object comes',
    happen: ({ bucket }) => bucket.put('web/old', { storageClass: 'GLACIER' }),
  },
  { name: 'a minute passes', happen: ({ clock }) => clock.advance(60_000) },
  { name: 'ten minutes pass', happen: ({ clock }) => clock.advance(600_000) },
  { name: 'S3 throttles', happen: ({ bucket }) => bucket.failNext(throttled, throttled) },
  { name: 'S3 denies', happen: ({ bucket }) => bucket.failNext(denied, denied) },
  { name: 'S3 meets a bug', happen: ({ bucket }) => bucket.failNext(new TypeError('x is undefined')) },
  { name: 'the store goes', happen: ({ ledger }) => void (ledger.broken = away) },
  { name: 'the store comes', happen: ({ ledger }) => void (ledger.broken = undefined) },
  { name: 'the source is suspended', happen: (world) => world.applySource({ suspend: true }) },
  { name: 'the source goes on', happen: (world) => world.applySource({ suspend: false }) },
  {
    name: 'its pattern breaks',
    happen: (world) => world.applySource({ files: { format: 'JSONLines', pattern: { regex: '(' } } }),
  },
  { name: 'pods may not be read', happen: ({ refused }) => refused.set('list pods', 403) },
  { name: 'pods may be read', happen: ({ refused }) => refused.delete('list pods') },
  { name: 'Jobs are refused', happen: ({ refused }) => refused.set('apply jobs', 403) },
  { name: 'Jobs are taken', happen: ({ refused }) => refused.delete('apply jobs') },
  {
    name: 'a file is given up',
    happen: ({ ledger }) => {
      const { done, failed } = ledger.counted;
      if (done + failed < ledger.discovery.files.size) ledger.counted = { done, failed: failed + 1 };
    },
  },
  toJob('a worker waits', (world, job) => world.setJobStatus(job, wanting)),
  toJob('a worker runs', (world, job) => world.setJobStatus(job, { ...wanting, ready: 1 })),
  toJob('a worker fails', (world, job) => world.setJobStatus(job, { ...wanting, failed: 1 })),
  toJob('the Job completes', (world, job) => world.setJobStatus(job, finished('Complete'))),
  toJob('the Job fails', (world, job) => world.setJobStatus(job, finished('Failed'))),
  toJob('a pod crashes', (world, job) => world.addPod(job, { status: endedWith(1) })),
  toJob('a pod finds no node', (world, job) =>
    world.addPod(job, { status: unschedulable('no nodes available') }),
  ),
  toJob('a pod has no image', (world, job) =>
    world.addPod(job, { status: waitingFor('ImagePullBackOff', 'not found') }),
  ),
  toJob('a pod runs', (world, job) => world.addPod(job, { status: runningSince(world.clock.now()) })),
];

const anySequence = fc.array(fc.constantFrom(...happenings), { minLength: 1, maxLength: 12 });

async function look(world: SourceWorld): Promise<void> {
  // What a pass throws is for the queue; `reconcile` has looked at the conditions.
  await world.reconcile().catch((error: unknown) => {
    if (error instanceof assert.AssertionError) throw error;
  });
}

suite('whatever happens to a source', () => {
  test('[C-06] its conditions are as tools rely on after each pass, and passes come to rest', async () => {
    await fc.assert(
      fc.asyncProperty(anySequence, async (sequence) => {
        const world = await createSourceWorld();
        try {
          for (const { happen } of sequence) {
            await happen(world);
            await look(world);
          }
          await settled(world);
        } finally {
          await world.stop();
        }
      }),
      { numRuns: Number(process.env['CHAOS_RUNS'] ?? 40) },
    );
  });
});

/** Within a few passes over a world in which nothing more happens, nothing is written any more. */
async function settled(world: SourceWorld): Promise<void> {
  for (let pass = 0; pass < 6; pass += 1) {
    const before = await written(world);
    await look(world);
    if (before === (await written(world))) return;
  }
  assert.fail('passes go on writing');
}

async function written(world: SourceWorld): Promise<string> {
  const objects = [await world.source(), ...(await world.jobs())];
  const versions = objects.map(({ metadata }) => metadata.resourceVersion);
  return JSON.stringify([versions, world.ledger.writes, world.ledger.discovery.pages.length]);
}
