import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compileKeyPattern } from '../../../../../lib/pattern.ts';
import type { ImportFacts } from '../../../../../operator/controllers/s3-import-source/facts.ts';
import { readyFacts } from '../../../../../operator/controllers/s3-import-source/ready-facts.ts';
import { runPreflight } from '../../../../../operator/preflight/checks.ts';
import { conversionFacts, importFacts } from '../../../../support/builders/import-facts.ts';

function matchesWith(changes: Partial<ImportFacts>): (key: string) => boolean {
  const facts = importFacts(changes);
  const ready = readyFacts(facts, runPreflight(facts));
  assert.ok(ready);
  return ready.matches;
}

const json = compileKeyPattern({ regex: '.*\\.json' });
const ofNovember = { ...conversionFacts(), pattern: compileKeyPattern({ regex: '.*2026-11.*' }) };

suite('which keys are files of a source', () => {
  test('[I-24] those that its pattern admits', () => {
    const matches = matchesWith({ pattern: json });
    assert.deepEqual(['web/a.json', 'web/a.csv'].map(matches), [true, false]);
  });

  test('[I-29] and the pattern of its converter document too, where that has one', () => {
    const matches = matchesWith({ pattern: json, conversion: ofNovember });
    assert.deepEqual(['web/2026-11-02.json', 'web/2026-12-02.json', 'web/2026-11-02.csv'].map(matches), [
      true,
      false,
      false,
    ]);
    assert.equal(matchesWith({ conversion: ofNovember })('web/2026-11-02.csv'), true);
  });

  test('without any pattern every key that does not name a folder', () => {
    assert.deepEqual(['web/a.json', 'web/b', 'web/c/'].map(matchesWith({})), [true, true, false]);
  });
});

test('a source with something wrong is not worked on', () => {
  const facts = importFacts({ rival: 'other' });
  assert.equal(readyFacts(facts, runPreflight(facts)), undefined);
});
