import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TransientError } from '../../../lib/errors.ts';
import { createLogger, type LogLevel } from '../../../lib/log.ts';
import { redactShapes } from '../../../lib/redact.ts';

function setUp(level: LogLevel = 'info') {
  const lines: string[] = [];
  const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
  const log = createLogger({ clock, write: (line) => lines.push(line), redact: redactShapes, level });
  return { log, lines, objects: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

suite('the logger', () => {
  test('a line is one JSON object with time, level, message and the fields of the logger and of the call', () => {
    const { log, lines } = setUp();
    log
      .child({ controller: 'source' })
      .child({ name: 'web' })
      .warn('pass failed', { failures: 3, skipped: undefined });
    assert.deepEqual(lines, [
      '{"time":"2026-01-02T03:04:05.678Z","level":"warn","message":"pass failed","controller":"source","name":"web","failures":3}',
    ]);
  });

  test('lines below the level are not written', () => {
    const { log, objects } = setUp('warn');
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level](level);
    assert.deepEqual(
      objects().map(({ level }) => level),
      ['warn', 'error'],
    );
  });

  test('secrets are taken out of messages, fields, errors and their causes', () => {
    const { log, lines } = setUp();
    const cause = new Error('cannot reach postgres://app:hunter2@db');
    const error = new TransientError({
      reason: 'DatabaseUnavailable',
      message: 'no postgres://app:hunter2@db',
      cause,
    });
    log.error('at postgres://app:hunter2@db', {
      error,
      password: 'hunter2',
      nested: { list: ['postgres://app:hunter2@db'], token: 'hunter2' },
    });
    assert.ok(!lines.join().includes('hunter2'), lines.join());
  });

  test('a foreseen error is written with its reason and cause, an unforeseen one with its stack', () => {
    const { log, objects } = setUp();
    log.error('a', {
      error: new TransientError({ reason: 'Busy', message: 'later', cause: new RangeError('inner') }),
    });
    log.error('b', { error: new TypeError('a bug') });
    const [foreseen, bug] = objects().map(({ error }) => error as Record<string, unknown>);
    const { cause, ...own } = foreseen ?? {};
    assert.deepEqual(own, { class: 'TransientError', reason: 'Busy', message: 'later' });
    assert.equal((cause as Record<string, unknown>)['message'], 'inner');
    assert.equal(bug?.['class'], 'TypeError');
    assert.match(String(bug?.['stack']), /log\.test\.ts/);
  });

  test('whatever is logged, a line comes out, of bounded size', () => {
    const { log, lines } = setUp();
    const circular: Record<string, unknown> = { self: undefined };
    circular['self'] = circular;
    const values = [
      circular,
      10n,
      Symbol('s'),
      () => 1,
      NaN,
      null,
      new Date(NaN),
      'x'.repeat(1_000_000),
      Array(10_000).fill('y'),
      new Map(),
    ];
    for (const value of values) log.info('odd', { value });
    assert.equal(lines.length, values.length);
    for (const line of lines) assert.ok(line.length < 20_000);
  });
});
