import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { addSample, ratesOf, type ProgressSample } from '../../../../operator/planning/rates.ts';

const second = 1_000;

/** A steady source: two files and a hundred records a second, seen each `everyMs`. */
function seen(everyMs: number, forMs: number): readonly ProgressSample[] {
  let samples: readonly ProgressSample[] = [];
  for (let atMs = 0; atMs <= forMs; atMs += everyMs) {
    samples = addSample(samples, { atMs, files: atMs / 500, records: atMs / 10 });
  }
  return samples;
}

suite('how fast a source goes', () => {
  test('nobody knows it from one look, or from two within ten seconds', () => {
    assert.equal(ratesOf([]), undefined);
    assert.equal(ratesOf(seen(second, 9 * second)), undefined);
  });

  test('is told from ten seconds on', () => {
    assert.deepEqual(ratesOf(seen(second, 10 * second)), { filesPerSecond: 2, recordsPerSecond: 100 });
  });

  test('is of the last five minutes: what was before is forgotten', () => {
    const busy = seen(10 * second, 600 * second);
    const { files, records } = busy.at(-1) as ProgressSample;
    let idle = busy;
    for (let atMs = 610 * second; atMs <= 900 * second; atMs += 10 * second)
      idle = addSample(idle, { atMs, files, records });
    assert.deepEqual(ratesOf(idle), { filesPerSecond: 0, recordsPerSecond: 0 });
  });

  test('whatever the looks, few samples are kept, in order, and the window is covered', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 200 }), (gaps) => {
        let samples: readonly ProgressSample[] = [];
        let atMs = 0;
        for (const gap of gaps) {
          atMs += gap;
          samples = addSample(samples, { atMs, files: atMs, records: atMs });
          assert.ok(samples.length <= 64);
          assert.equal(samples.at(-1)?.atMs, atMs);
        }
        const times = samples.map((sample) => sample.atMs);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
        const begin = gaps[0] ?? 0;
        assert.ok(atMs - (times[0] ?? 0) >= Math.min(atMs - begin, 300_000));
      }),
    );
  });
});
