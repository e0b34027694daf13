import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createApiClient } from '../../../../operator/runtime/api-client.ts';
import { createReflector } from '../../../../operator/runtime/reflector.ts';
import type { ApiRequest, ApiResponse, ApiTransport } from '../../../../operator/runtime/transport.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { runtimeDeps } from '../../../support/runtime-deps.ts';

const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** What a watch stream does next: sends a line, ends, breaks, or stays silent until it is given up. */
type Move =
  | { readonly line: object }
  | { readonly end: true }
  | { readonly breaks: string }
  | { readonly silence: true };

interface Script {
  readonly lists: readonly ApiResponse[];
  readonly watches: readonly (readonly Move[] | 'refused')[];
}

function page(version: string, names: readonly string[], more?: string): ApiResponse {
  const items = names.map((name) => ({ metadata: { name, uid: name, resourceVersion: version } }));
  return {
    status: 200,
    headers: {},
    body: { metadata: { resourceVersion: version, continue: more }, items },
  };
}

function added(name: string, version: string): Move {
  return { line: { type: 'ADDED', object: { metadata: { name, uid: name, resourceVersion: version } } } };
}

function bookmark(version: string): Move {
  return { line: { type: 'BOOKMARK', object: { metadata: { resourceVersion: version } } } };
}

const silence: Move = { silence: true };
const gone: ApiResponse = {
  status: 410,
  headers: {},
  body: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
};
const goneEvent: Move = {
  line: { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } },
};

/** Plays the script; the last answer of each kind for ever. */
function start(script: Script, timing = {}) {
  const clock = createManualClock();
  const deps = runtimeDeps({ clock, random: () => 0.5 });
  const asked: string[] = [];
  let [lists, watches] = [0, 0];

  async function* play(moves: readonly Move[], { signal }: ApiRequest): AsyncGenerator<string> {
    for (const move of moves) {
      if ('line' in move) yield JSON.stringify(move.line);
      else if ('breaks' in move) throw new Error(move.breaks);
      else if ('silence' in move) await clock.sleep(Infinity, signal);
      else return;
    }
  }

  const transport: ApiTransport = {
    request: async ({ query = {} }) => {
      asked.push(`list ${query['limit'] ?? 'all'} ${query['continue'] ?? ''}`.trim());
      lists += 1;
      return script.lists[Math.min(lists, script.lists.length) - 1] as ApiResponse;
    },
    stream: async (request) => {
      asked.push(`watch ${request.query?.['resourceVersion']}`);
      watches += 1;
      const moves = script.watches[Math.min(watches, script.watches.length) - 1] ?? [];
      if (moves === 'refused') throw new Error('connection refused');
      return { status: 200, headers: {}, lines: play(moves, request) };
    },
  };
  const client = createApiClient({ transport, clock, fieldManager: 'test' });
  const reflector = createReflector({ type, timing }, { ...deps, client });
  const stopped = new AbortController();
  const running = reflector.run(stopped.signal);
  return {
    asked,
    clock,
    deps,
    reflector,
    names: () => reflector.store.list().map(({ metadata }) => metadata.name),
    stop: async () => {
      stopped.abort();
      await running;
      assert.equal(clock.sleepers, 0, 'no timer is left');
    },
  };
}

suite('listing and watching', () => {
  test('a list follows its pages, and the watch begins at the version of the last one', async () => {
    const run = start({ lists: [page('5', ['a', 'b'], 'p2'), page('5', ['c'])], watches: [[silence]] });
    await run.clock.advance(1);
    assert.deepEqual(run.asked, ['list 500', 'list 500 p2', 'watch 5']);
    assert.deepEqual(run.names(), ['a', 'b', 'c']);
    assert.ok(run.reflector.hasSynced);
    await run.stop();
  });

  test('a page token that expires in the middle of a list makes it begin again, all at once', async () => {
    const lists = [page('5', ['a'], 'p2'), gone, page('9', ['a', 'z'])];
    const run = start({ lists, watches: [[silence]] });
    await run.clock.advance(10);
    assert.equal(run.reflector.hasSynced, false, 'half a list is no list');
    assert.deepEqual(run.names(), []);
    await run.clock.advance(1_000);
    assert.deepEqual(run.asked, ['list 500', 'list 500 p2', 'list all', 'watch 9']);
    assert.deepEqual(run.names(), ['a', 'z']);
    await run.stop();
  });

  test('a broken watch goes on from the last version that an event or a bookmark named', async () => {
    const watches = [
      [added('b', '6'), { breaks: 'connection reset' }],
      [bookmark('8'), { breaks: 'connection reset' }],
      [silence],
    ] as const;
    const run = start({ lists: [page('5', ['a'])], watches });
    await run.clock.advance(5_000);
    assert.deepEqual(run.asked, ['list 500', 'watch 5', 'watch 6', 'watch 8']);
    assert.deepEqual(run.names(), ['a', 'b']);
    await run.stop();
  });

  test('an error event with 410 lists again, any other does not', async () => {
    const internal: Move = {
      line: { type: 'ERROR', object: { kind: 'Status', code: 500, message: 'etcd leader changed' } },
    };
    const run = start({
      lists: [page('5', ['a']), page('9', ['b'])],
      watches: [[internal], [goneEvent], [silence]],
    });
    await run.clock.advance(5_000);
    assert.deepEqual(run.asked, ['list 500', 'watch 5', 'watch 5', 'list 500', 'watch 9']);
    assert.deepEqual(run.names(), ['b']);
    await run.stop();
  });

  test('a watch in which not even a bookmark was heard is followed by a list', async () => {
    const run = start({ lists: [page('900', ['lost']), page('7', ['a'])], watches: [[silence], [silence]] });
    await run.clock.advance(152_000);
    assert.deepEqual(run.asked, ['list 500', 'watch 900', 'list 500', 'watch 7']);
    assert.deepEqual(run.names(), ['a']);
    await run.stop();
  });

  test('versions that go back, in events or in a bookmark, mean that changes may be missing: listed anew', async () => {
    for (const mixedUp of [
      [added('b', '10'), added('c', '9')],
      [bookmark('10'), added('c', '9')],
      [added('b', '10'), bookmark('9')],
    ]) {
      const run = start({
        lists: [page('5', ['a']), page('12', ['a', 'b', 'c'])],
        watches: [[...mixedUp, silence], [silence]],
      });
      await run.clock.advance(1_000);
      assert.deepEqual(run.asked, ['list 500', 'watch 5', 'list 500', 'watch 12']);
      assert.deepEqual(run.names(), ['a', 'b', 'c']);
      assert.equal(await run.deps.metric('millrace_watch_restarts_total', { cause: 'disorder' }), 1);
      await run.stop();
    }
  });

  test('an answer that is no list empties nothing', async () => {
    const none = [{}, { items: [] }, { metadata: { resourceVersion: '9' } }];
    for (const body of none) {
      const expired: Move[] = [goneEvent];
      const run = start({
        lists: [page('5', ['a']), { status: 200, headers: {}, body }, page('9', ['a', 'b'])],
        watches: [expired, [silence]],
      });
      await run.clock.advance(500);
      assert.deepEqual(run.names(), ['a']);
      await run.clock.advance(5_000);
      assert.deepEqual(run.names(), ['a', 'b']);
      await run.stop();
    }
  });

  test('a bookmark or an event without a version ends the watch, which goes on from the last version seen', async () => {
    for (const object of [{}, { metadata: {} }, { metadata: { name: 'b', uid: 'b' } }]) {
      for (const kind of ['BOOKMARK', 'MODIFIED']) {
        const watches = [[added('b', '6'), { line: { type: kind, object } }], [silence]] as const;
        const run = start({ lists: [page('5', ['a'])], watches });
        await run.clock.advance(2_000);
        assert.deepEqual(run.asked, ['list 500', 'watch 5', 'watch 6']);
        await run.stop();
      }
    }
  });

  test('a server that is too busy to list is asked again when it says, but not hours later', async () => {
    for (const [asked, againAfterMs] of [
      ['7', 7_000],
      ['86400', 60_000],
    ] as const) {
      const busy = { status: 429, headers: { 'retry-after': asked }, body: {} };
      const run = start({ lists: [busy, page('5', ['a'])], watches: [[silence]] });
      await run.clock.advance(againAfterMs - 1);
      assert.deepEqual(run.asked, ['list 500']);
      await run.clock.advance(1_000);
      assert.deepEqual(run.asked, ['list 500', 'list 500', 'watch 5']);
      await run.stop();
    }
  });

  test('the end of a watch is counted by its cause: at the time it was asked for, or before', async () => {
    const timing = { minTimeoutSeconds: 100, maxTimeoutSeconds: 100 };
    const run = start(
      { lists: [page('5', ['a'])], watches: [[added('b', '6'), { end: true }], [silence]] },
      timing,
    );
    await run.clock.advance(1_000);
    assert.equal(await run.deps.metric('millrace_watch_restarts_total', { cause: 'eof' }), 1);
    assert.equal(await run.deps.metric('millrace_watch_restarts_total', { cause: 'timeout' }), undefined);
    assert.equal(await run.deps.metric('millrace_watch_connected'), 1);
    await run.stop();
    assert.equal(await run.deps.metric('millrace_watch_connected'), 0);
  });

  test('a listener that fails costs the others no change', async () => {
    const run = start({ lists: [page('5', [])], watches: [[added('b', '6'), added('c', '7'), silence]] });
    const heard: string[] = [];
    run.reflector.onChange(() => {
      throw new TypeError('a bug');
    });
    run.reflector.onChange(({ object }) => heard.push(object.metadata.name ?? ''));
    await run.clock.advance(1_000);
    assert.deepEqual(heard, ['b', 'c']);
    assert.deepEqual(run.asked, ['list 500', 'watch 5']);
    assert.ok(
      run.deps.logged.some(({ message, object }) => message === 'a listener failed' && object === 'c'),
    );
    await run.stop();
  });

  test('a watch that falls silent is given up and opened again from where it was', async () => {
    const run = start({ lists: [page('5', ['a'])], watches: [[bookmark('6'), silence], [silence]] });
    await run.clock.advance(149_000);
    assert.deepEqual(run.asked, ['list 500', 'watch 5']);
    await run.clock.advance(3_000);
    assert.deepEqual(run.asked, ['list 500', 'watch 5', 'watch 6']);
    assert.equal(await run.deps.metric('millrace_watch_restarts_total', { cause: 'idle' }), 1);
    await run.stop();
  });

  test('a reflector counts as stale only after the server was out of reach for much longer than a reconnect takes', async () => {
    const run = start({
      lists: [page('5', ['a'])],
      watches: [[added('b', '6'), { breaks: 'reset' }], 'refused'],
    });
    await run.clock.advance(299_000);
    assert.equal(run.reflector.staleSince(), undefined);
    await run.clock.advance(2_000);
    assert.match(run.reflector.staleSince() ?? '', /configmaps: the API server has not been heard for 301 s/);
    assert.deepEqual(run.names(), ['a', 'b'], 'what is known is kept');
    await run.stop();
  });

  test('a watch that goes on for longer than the server was asked to let it is ended', async () => {
    const timing = { minTimeoutSeconds: 100, maxTimeoutSeconds: 100 };
    const run = start({ lists: [page('5', ['a'])], watches: [[bookmark('6'), silence]] }, timing);
    await run.clock.advance(114_000);
    assert.deepEqual(run.asked, ['list 500', 'watch 5']);
    await run.clock.advance(2_500);
    assert.deepEqual(run.asked, ['list 500', 'watch 5', 'watch 6']);
    await run.stop();
  });

  test('a server that ends each watch at once, or refuses to list, is asked less and less often', async () => {
    for (const script of [
      { lists: [page('5', ['a'])], watches: [[{ end: true }] as const] },
      { lists: [{ status: 503, headers: {}, body: { message: 'starting' } }], watches: [] },
    ]) {
      const run = start(script);
      await run.clock.advance(60_000);
      const inFirstMinute = run.asked.length;
      assert.ok(inFirstMinute >= 5 && inFirstMinute <= 12, `asked ${inFirstMinute} times in a minute`);
      await run.clock.advance(60_000);
      assert.ok(run.asked.length - inFirstMinute <= 5);
      await run.stop();
    }
  });
});
