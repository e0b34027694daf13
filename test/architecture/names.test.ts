import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { suite, test } from 'node:test';
import { projectFiles, readProjectFile } from '../support/project-files.ts';

const sources = projectFiles().filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));

suite('names of files', () => {
  test('are in kebab case', () => {
    assert.deepEqual(
      sources.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.suite)?$/.test(basename(path, '.ts'))),
      [],
    );
  });

  test('say what is in them: none is a utility, a helper, or just data', () => {
    const vague = /(^|-)(utils?|utilities|helpers?|common|misc|stuff|data|base|shared)(-|$)/;
    assert.deepEqual(
      sources.filter((path) => vague.test(basename(path, '.ts'))),
      [],
    );
  });

  test('are the name of what they export, where that is one thing', () => {
    const strangers = sources.filter((path) => {
      const [only, ...others] = exportsOf(readProjectFile(path));
      if (only === undefined || others.length > 0 || roles.has(basename(path, '.ts'))) return false;
      return !sharesWord(wordsOf(basename(path, '.ts')), wordsOf(only));
    });
    assert.deepEqual(strangers, []);
  });
});

/** Names of files that say which part of a room they are, the same in each. */
const roles = new Set([
  'checks',
  'config',
  'controller',
  'gather',
  'main',
  'reconcile',
  'registry',
  'status',
]);

function exportsOf(text: string): readonly string[] {
  const declared = text.matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type|let) (\w+)/gm);
  const listed = text.matchAll(/^export (?:type )?\{([^}]*)\}/gm);
  return [
    ...[...declared].map((match) => match[1] ?? ''),
    ...[...listed].flatMap((match) => (match[1] ?? '').split(/[^\w]+/)),
  ];
}

/** `TransientError`, `transient-error` → transient, error. */
function wordsOf(name: string): readonly string[] {
  return name
    .split(/[-_]|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .map((word) => word.toLowerCase())
    .filter((word) => word !== '');
}

/** The stem is enough: `errors` and `TerminalError`, `redact` and `redacted`. */
function sharesWord(left: readonly string[], right: readonly string[]): boolean {
  const stemOf = (word: string): string => word.slice(0, 4);
  return left.some((word) => right.some((other) => stemOf(word) === stemOf(other)));
}
