import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addCounts, closingLines, countLine, failedTests, noCounts } from '../../run/closing-lines.ts';

suite('closing lines', () => {
  test('of several runs are added up, and come in the order of node', () => {
    const lines = [
      'ℹ tests 3',
      'ℹ pass 2',
      'ℹ fail 1',
      'ℹ duration_ms 1.5',
      'ℹ tests 4',
      'ℹ pass 4',
      'ℹ duration_ms 2',
    ];
    const counts = lines.reduce((sum, line) => countLine(sum, line) ?? sum, noCounts);
    assert.equal(
      closingLines(counts),
      'ℹ tests 7\nℹ suites 0\nℹ pass 6\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 3.5\n',
    );
  });

  test('of two runs side by side are their sums', () => {
    const left = { ...noCounts, tests: 3, fail: 1, duration_ms: 2 };
    const right = { ...noCounts, tests: 4, pass: 4, duration_ms: 0.5 };
    assert.deepEqual(addCounts(left, right), { ...noCounts, tests: 7, pass: 4, fail: 1, duration_ms: 2.5 });
  });

  test('are told from what tests print', () => {
    for (const line of [
      'tests 3',
      'ℹ tests',
      'ℹ tests three',
      'ℹ other 3',
      '  ℹ tests 3',
      'ℹ tests 3 of 4',
    ]) {
      assert.equal(countLine(noCounts, line), undefined, line);
    }
  });
});

suite('tests that failed', () => {
  test('are told by place, name and the first line of the error', () => {
    const report = [
      '✖ a law (3ms)',
      '',
      '✖ failing tests:',
      '',
      'test at test/unit/a.test.ts:2:17',
      '✖ a law (3ms)',
      '  Error: property failed after 3 tests',
      '      at somewhere',
      '',
      'test at test/unit/b.test.ts:5:1',
      '✖ another (1ms)',
      '  AssertionError: one',
    ];
    assert.deepEqual(failedTests(report), [...report.slice(4, 7), ...report.slice(9)]);
  });

  test('are none where the runner tells of none', () => {
    assert.deepEqual(failedTests(['✔ a law (3ms)', 'test at noon']), []);
  });
});
