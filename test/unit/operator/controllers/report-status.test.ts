import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Condition } from '../../../../crds/conditions.ts';
import type { S3ImportSourceStatus } from '../../../../crds/generated/s3-import-source.ts';
import { reportStatus } from '../../../../operator/controllers/report-status.ts';
import { resourceTypes } from '../../../../operator/resource-types.ts';
import { condition, withStatus } from '../../../support/builders/resources.ts';
import { createSourceWorld, type SourceWorld } from '../../../support/source-world.ts';

const waiting = condition('Ready', { status: 'False', reason: 'SecretNotFound', message: 'None.' });
const broken = condition('Ready', { status: 'False', reason: 'BucketNotFound', message: 'None.' });

function statusWith(...conditions: readonly Condition[]): S3ImportSourceStatus {
  return { observedGeneration: 1, conditions };
}

async function write(
  world: SourceWorld,
  status: S3ImportSourceStatus,
  seen = world.source(),
): Promise<boolean> {
  const { client, recorder } = world;
  const to = { client, recorder, signal: new AbortController().signal };
  return (await reportStatus(to, resourceTypes.s3ImportSources, await seen, status)) !== undefined;
}

suite('the one place where a status is written', () => {
  test('writes one that differs, and not one that is there already', async (t) => {
    const world = await createSourceWorld();
    t.after(() => world.stop());
    const status = statusWith(condition('Ready'));
    assert.equal(await write(world, status), true);
    const { metadata, status: there } = await world.source();
    assert.deepEqual(there, status);
    assert.equal(await write(world, status), false);
    assert.equal((await world.source()).metadata.resourceVersion, metadata.resourceVersion);
  });

  test('takes away what the new one has not', async (t) => {
    const world = await createSourceWorld();
    t.after(() => world.stop());
    await write(world, { ...statusWith(condition('Ready')), lagSeconds: 60 });
    await write(world, statusWith(condition('Ready')));
    assert.equal((await world.source()).status.lagSeconds, undefined);
  });

  test('records one event for each change of what Ready says, a warning for what went wrong', async (t) => {
    const world = await createSourceWorld();
    t.after(() => world.stop());
    for (const ready of [condition('Ready'), waiting, { ...waiting, message: 'Still none.' }, broken]) {
      await write(world, statusWith(ready));
    }
    assert.deepEqual(
      world.events.map(({ type, reason, note }) => [type, reason, note]),
      [
        ['Normal', 'Succeeded', 'Everything is as the spec says.'],
        ['Normal', 'SecretNotFound', 'None.'],
        ['Warning', 'BucketNotFound', 'None.'],
      ],
    );
  });

  test('records what was being done when it went wrong, and not what passes by itself', async (t) => {
    const world = await createSourceWorld();
    t.after(() => world.stop());
    const throttled = { status: 'False', reason: 'Throttled', message: 'Slower.' } as const;
    const denied = { status: 'False', reason: 'ListDenied', message: 'Not allowed.' } as const;
    await write(world, statusWith(condition('Ready', throttled), condition('BucketAccessible', throttled)));
    await write(world, statusWith(condition('Ready', denied), condition('PermissionsVerified', denied)));
    assert.deepEqual(
      world.events.map(({ type, reason, action }) => [type, reason, action]),
      [['Warning', 'ListDenied', 'ProbePermissions']],
    );
  });

  test('records a trouble that leaves the object Ready, once for each of its words', async (t) => {
    const world = await createSourceWorld();
    t.after(() => world.stop());
    const degraded = (message: string) => condition('Degraded', { reason: 'FilesFailed', message });
    await write(world, statusWith(condition('Ready')));
    for (const message of ['Some failed.', 'Some failed.', 'Some failed. Others are archived.']) {
      await write(world, {
        ...statusWith(condition('Ready'), degraded(message)),
        lagSeconds: world.events.length,
      });
    }
    assert.deepEqual(
      world.events.slice(1).map(({ type, reason, note }) => [type, reason, note]),
      [
        ['Warning', 'FilesFailed', 'Some failed.'],
        ['Warning', 'FilesFailed', 'Some failed. Others are archived.'],
      ],
    );
  });

  test('records that a source was suspended, and that it was resumed', async (t) => {
    const world = await createSourceWorld();
    t.after(() => world.stop());
    for (const reason of ['Succeeded', 'Suspended', 'Succeeded']) {
      await write(world, statusWith(condition('Ready', { reason })));
    }
    assert.deepEqual(
      world.events.map(({ reason }) => reason),
      ['Succeeded', 'Suspended', 'Resumed'],
    );
  });

  test('refuses to write to an object that was deleted and made anew meanwhile', async (t) => {
    const world = await createSourceWorld();
    t.after(() => world.stop());
    const seen = await world.source();
    const { namespace, name } = seen.metadata;
    await world.client.delete(resourceTypes.s3ImportSources, { namespace, name });
    await world.applySource();
    const stale = Promise.resolve(withStatus({ observedGeneration: -1 })(seen));
    await assert.rejects(write(world, statusWith(broken), stale), /uid/);
    assert.equal((await world.source()).status.observedGeneration, -1);
  });
});
