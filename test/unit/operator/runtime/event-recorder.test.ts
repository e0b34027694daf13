import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createApiClient } from '../../../../operator/runtime/api-client.ts';
import type { RecordedEvent } from '../../../../operator/runtime/event-object.ts';
import { createEventRecorder } from '../../../../operator/runtime/event-recorder.ts';
import type { ApiTransport } from '../../../../operator/runtime/transport.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { runtimeDeps } from '../../../support/runtime-deps.ts';

interface Written {
  readonly note: string;
  readonly count: number;
}

interface Body {
  readonly metadata: { readonly name: string };
  readonly note: string;
  readonly series?: { readonly count: number };
}

function setUp() {
  const clock = createManualClock();
  let seed = 0;
  const deps = runtimeDeps({ clock, random: () => (seed = (seed + 0.137) % 1) });
  /** By name: the events as they stand in the API. */
  const stored = new Map<string, Written>();
  let writes = 0;
  const transport: ApiTransport = {
    request: async ({ method, path, body }) => {
      writes += 1;
      const event = body as Body;
      const name = method === 'POST' ? event.metadata.name : decodeURIComponent(path.split('/').at(-1) ?? '');
      const known = stored.get(name);
      if (method === 'PATCH' && known === undefined)
        return { status: 404, headers: {}, body: { reason: 'NotFound' } };
      stored.set(name, { note: known?.note ?? event.note, count: event.series?.count ?? 1 });
      return { status: 200, headers: {}, body: {} };
    },
    stream: () => Promise.reject(new Error('nobody watches here')),
  };
  const client = createApiClient({ transport, clock, fieldManager: 'test' });
  const source = { controller: 'millrace.dev/controller', instance: 'pod-0' };
  const recorder = createEventRecorder(source, { ...deps, client, redact: (text) => text });
  return { clock, deps, recorder, stored, events: () => [...stored.values()], writes: () => writes };
}

function eventOf(changes: Partial<RecordedEvent> = {}, uid = 'u1'): RecordedEvent {
  return {
    type: 'Warning',
    reason: 'BucketNotFound',
    action: 'ProbeBucket',
    note: 'the bucket is gone',
    regarding: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'acme', uid } },
    ...changes,
  };
}

suite('the event recorder', () => {
  test('a repeat within ten minutes counts on, one after that is an event of its own', async () => {
    const { clock, events, recorder } = setUp();
    for (let i = 0; i < 3; i += 1) {
      recorder.record(eventOf());
      await recorder.flush();
      await clock.advance(9 * 60_000);
    }
    assert.deepEqual(events(), [{ note: 'the bucket is gone', count: 3 }]);
    await clock.advance(60_000);
    recorder.record(eventOf());
    await recorder.flush();
    assert.deepEqual(
      events().map(({ count }) => count),
      [3, 1],
    );
  });

  test('more than ten events that differ in their note alone are combined into one', async () => {
    const { events, recorder } = setUp();
    for (let i = 0; i < 15; i += 1) {
      recorder.record(eventOf({ note: `file ${i} failed` }));
      await recorder.flush();
    }
    assert.equal(events().length, 11);
    assert.deepEqual(events().at(-1), { note: '(combined from similar events): file 10 failed', count: 5 });
  });

  test('an object and reason may write 25 times at once and then once in five minutes, and no count is lost by that', async () => {
    const { clock, deps, events, recorder, writes } = setUp();
    const record = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) {
        recorder.record(eventOf());
        await recorder.flush();
      }
    };
    await record(40);
    assert.equal(writes(), 25);
    assert.equal(
      await deps.metric('millrace_events_dropped_total', { type: 'Warning', reason: 'BucketNotFound' }),
      15,
    );
    await clock.advance(5 * 60_000);
    await record(2);
    assert.equal(writes(), 26);
    assert.deepEqual(events(), [{ note: 'the bucket is gone', count: 41 }]);
    recorder.record(eventOf({}, 'u2'));
    await recorder.flush();
    assert.equal(writes(), 27, 'another object has a measure of its own');
  });

  test('a series whose event the API server has dropped is written anew', async () => {
    const { events, recorder, stored } = setUp();
    recorder.record(eventOf());
    await recorder.flush();
    stored.clear();
    recorder.record(eventOf());
    await recorder.flush();
    assert.deepEqual(events(), [{ note: 'the bucket is gone', count: 2 }]);
  });

  test('an event that cannot be written is counted and logged, and harms nobody', async () => {
    const { deps } = setUp();
    const client = {
      create: () => Promise.reject(new Error('no permission')),
      patch: () => Promise.reject(new Error('no permission')),
    };
    const recorder = createEventRecorder(
      { controller: 'c', instance: 'i' },
      { ...deps, client, redact: (text) => text },
    );
    recorder.record(eventOf());
    await recorder.flush();
    assert.equal(await deps.metric('millrace_events_dropped_total'), 1);
    assert.deepEqual(
      deps.logged.map(({ message }) => message),
      ['event not written'],
    );
  });

  test('recording never waits for a server that hangs, nor does what is unwritten grow for ever', async () => {
    const { clock, deps } = setUp();
    let writes = 0;
    const hang = () => {
      writes += 1;
      return new Promise<never>(() => {});
    };
    const client = { create: hang, patch: hang };
    const recorder = createEventRecorder(
      { controller: 'c', instance: 'i' },
      { ...deps, client, redact: (text) => text },
    );
    for (let i = 0; i < 5_000; i += 1) recorder.record(eventOf({ reason: `Reason${i}` }));
    assert.equal(writes, 1);
    let dropped = 0;
    for (const [, value] of (await deps.registry.render()).matchAll(/events_dropped_total\{.*\} (\d+)/g)) {
      dropped += Number(value);
    }
    assert.equal(dropped, 5_000 - 1 - 1_000);

    let flushed = false;
    void recorder.flush(3_000).then(() => (flushed = true));
    await clock.advance(2_900);
    assert.equal(flushed, false);
    await clock.advance(200);
    assert.equal(flushed, true, 'a stop waits so long and no longer');
  });
});
