import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { suite, test } from 'node:test';
import { groups, required } from '../../tools/features/rows.ts';
import { namesOfTests, readShownRows } from '../../tools/features/test-names.ts';
import { suites } from '../run/suites.ts';
import { projectFiles, projectRoot, readProjectFile } from '../support/project-files.ts';

const files = projectFiles();
const testFiles = files.filter((path) => path.endsWith('.test.ts'));
const sources = files.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));

suite('the tests of the project', () => {
  test('each file of unit tests has the source that it tests', () => {
    const orphans = testFiles
      .filter((path) => path.startsWith('test/unit/'))
      .filter((path) => !hasSource(path));
    assert.deepEqual(orphans, []);
  });

  test('no two tests of the project have the same name', () => {
    const places = new Map<string, string>();
    for (const path of testFiles) {
      for (const name of namesOfTests(path, readProjectFile(path))) {
        const other = places.get(name);
        assert.equal(other, undefined, `"${name}" is in ${path} and in ${other}`);
        places.set(name, path);
      }
    }
    assert.ok(places.size > 0);
  });

  test('every test file lies in a suite that the runner knows', () => {
    const known = testFiles.filter((path) =>
      Object.keys(suites).some((name) => path.startsWith(`test/${name}/`)),
    );
    assert.deepEqual(testFiles, known);
  });

  test('no file of a quick suite has hooks of its own: they would run for the tests of all files of its process', () => {
    const quick = testFiles.filter((path) => !path.startsWith('test/integration/'));
    const hooked = quick.filter((path) => /^(?:before|after)(?:Each)?\(/m.test(readProjectFile(path)));
    assert.deepEqual(hooked, []);
  });

  test('no test is left out without a reason, and none is the only one', () => {
    for (const path of testFiles) {
      const found = /\b(?:test|it|suite|describe)\.(?:only|skip|todo)\b|\b(?:only|skip): true\b/.exec(
        readProjectFile(path),
      );
      assert.equal(found?.[0], undefined, path);
    }
  });
});

suite('the list of features', () => {
  const asked = new Set(groups.flatMap((group) => Object.keys(group.rows)));
  const shown = readShownRows(projectRoot);

  test('knows every row that a test names', () => {
    const unknown = shown.filter(({ rows }) => rows.some((row) => !asked.has(row)));
    assert.deepEqual(unknown, []);
  });

  test('has a test for every row that the present version promises', () => {
    assert.deepEqual(
      required.filter((row) => !asked.has(row)),
      [],
    );
    assert.deepEqual(
      required.filter((row) => !shown.some(({ rows }) => rows.includes(row))),
      [],
    );
  });
});

/** `test/unit/store/gate.test.ts` tests a `gate.ts` somewhere under a `store/`. */
function hasSource(path: string): boolean {
  const inside = path.slice('test/unit/'.length);
  const folders = dirname(inside).split('/');
  return sources.some((source) => {
    if (basename(source, '.ts') !== basename(inside, '.test.ts')) return false;
    const parts = dirname(source).split('/');
    return folders.every((folder) => parts.includes(folder));
  });
}
