import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { planShards, type Backlog } from '../../../../operator/planning/shards.ts';

const mebibyte = 1024 * 1024;
const backlog: fc.Arbitrary<Backlog> = fc.record({
  files: fc.nat({ max: 100_000 }),
  bytes: fc.nat({ max: 1_000_000 }).map((count) => count * mebibyte),
});
const most = fc.integer({ min: 1, max: 1_000 });

suite('how many workers a backlog is worth', () => {
  const cases = [
    ['no file is worth none', 0, 0, 8, 0],
    ['a small file is worth one', 1, 100, 8, 1],
    ['an empty file is worth one', 1, 0, 8, 1],
    ['many small files are worth some', 1_200, 0, 8, 3],
    ['large files are worth one for each quarter of a gibibyte', 10, 1_024 * mebibyte, 8, 4],
    ['one file is worth one, however large', 1, 1_000_000 * mebibyte, 8, 1],
    ['more than the most are never worth it', 100_000, 0, 8, 8],
  ] as const;
  for (const [name, files, bytes, max, shards] of cases) {
    test(name, () => assert.equal(planShards({ files, bytes }, max), shards));
  }

  test('none exactly for no files; never more than the most, nor than files', () => {
    fc.assert(
      fc.property(backlog, most, (work, max) => {
        const shards = planShards(work, max);
        assert.equal(shards === 0, work.files === 0);
        assert.ok(shards <= max && shards <= work.files);
      }),
    );
  });

  test('more files, more bytes, or a higher limit are never worth fewer', () => {
    fc.assert(
      fc.property(backlog, backlog, most, fc.nat({ max: 50 }), (work, more, max, higher) => {
        const both = { files: work.files + more.files, bytes: work.bytes + more.bytes };
        assert.ok(planShards(both, max) >= planShards(work, max));
        assert.ok(planShards(work, max + higher) >= planShards(work, max));
      }),
    );
  });
});
