import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { plantTree } from '../support/planted-tree.ts';
import type { PlantedTree } from '../support/planted-tree.ts';
import { projectRoot } from '../support/project-files.ts';

interface Finding {
  readonly filename: string;
  readonly code: string;
}

const lines = (count: number): string => Array.from({ length: count }, (_, at) => `  use(${at});\n`).join('');
const use = 'const use = (given: unknown): unknown => given;\n';
const branches = Array.from({ length: 11 }, (_, at) => `  if (given === ${at}) use(${at});\n`).join('');
const wait = 'const wait = async (): Promise<void> => {\n  await Promise.resolve();\n};\n';

/** What each planted file does wrong, and the rule that must say so. */
const planted: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['eslint(max-lines)', 'lib/long-file.ts', `export const rows = [\n${'  1,\n'.repeat(300)}];\n`],
  [
    'eslint(max-lines-per-function)',
    'lib/long-function.ts',
    `${use}export function run(): void {\n${lines(50)}}\n`,
  ],
  [
    'eslint(max-params)',
    'lib/many-parameters.ts',
    'export const own = (...all: [a: 1]) => all;\nexport function add(a: number, b: number, c: number, d: number, e: number): number {\n  return a + b + c + d + e;\n}\n',
  ],
  [
    'eslint(max-depth)',
    'lib/deep.ts',
    `${use}export function run(a: boolean): void {\n  if (a) {\n    for (;;) {\n      if (use(a)) {\n        if (use(1)) use(2);\n      }\n    }\n  }\n}\n`,
  ],
  [
    'eslint(complexity)',
    'lib/complex.ts',
    `${use}export function run(given: number): void {\n${branches}}\n`,
  ],
  ['import(no-default-export)', 'lib/default-export.ts', 'export default 1;\n'],
  ['import(no-cycle)', 'lib/cycle-a.ts', "import { b } from './cycle-b.ts';\nexport const a = () => b;\n"],
  [
    'import(no-cycle)',
    'lib/cycle-b.ts',
    "import { a } from './cycle-a.ts';\nexport const b = (): unknown => a;\n",
  ],
  ['typescript(no-explicit-any)', 'lib/any.ts', 'export const own = (given: any): unknown => given;\n'],
  [
    'typescript(no-floating-promises)',
    'lib/floating.ts',
    `${wait}export function run(): void {\n  wait();\n}\n`,
  ],
  ['typescript(no-misused-promises)', 'lib/misused.ts', `${wait}export const ran = wait() ? 1 : 2;\n`],
  ['typescript(only-throw-error)', 'lib/throws.ts', "export function run(): never {\n  throw 'text';\n}\n"],
  [
    'typescript(switch-exhaustiveness-check)',
    'lib/switch.ts',
    "export function run(a: 'x' | 'y'): number {\n  switch (a) {\n    case 'x':\n      return 1;\n  }\n  return 2;\n}\n",
  ],
  [
    'typescript(consistent-type-imports)',
    'lib/type-import.ts',
    "import { Planted } from './clean.ts';\nexport const own = (given: Planted): Planted => given;\n",
  ],
  ['node(no-process-env)', 'lib/environment.ts', "export const own = process.env['HOME'];\n"],
  ['eslint(no-console)', 'operator/prints.ts', "console.log('text');\nexport const own = 1;\n"],
  ['unicorn(filename-case)', 'lib/camelCase.ts', 'export const own = 1;\n'],
  [
    'eslint(no-restricted-imports)',
    'operator/foreign-room.ts',
    "import { own } from '../worker/clean.ts';\nexport const ours = own;\n",
  ],
  [
    'eslint(no-restricted-imports)',
    'operator/planning/foreign-room.ts',
    "import { own } from '../../worker/clean.ts';\nexport const ours = own;\n",
  ],
  [
    'eslint(no-restricted-imports)',
    'operator/planning/reads-files.ts',
    "import { readFile } from 'node:fs/promises';\nexport const own = readFile;\n",
  ],
  [
    'eslint(no-restricted-imports)',
    'worker/foreign-package.ts',
    "import pg from 'pg';\nexport const own = pg;\n",
  ],
  [
    'eslint(no-restricted-globals)',
    'operator/planning/waits.ts',
    `${use}export const own = () => setTimeout(use, 1);\n`,
  ],
  [
    'eslint(no-restricted-globals)',
    'operator/controllers/kind/status.ts',
    'export const own = () => performance.now();\n',
  ],
  ['eslint(no-restricted-properties)', 'lib/converter/clock.ts', 'export const own = () => Date.now();\n'],
  [
    'eslint(no-restricted-properties)',
    'operator/resources/chance.ts',
    'export const own = () => Math.random();\n',
  ],
];

/** What looks like a violation and is allowed where it stands. */
const allowed: Readonly<Record<string, string>> = {
  'lib/clean.ts': 'export interface Planted {\n  readonly a: number;\n}\n',
  'lib/store/home.ts': "import pg from 'pg';\nexport const own = pg;\n",
  'lib/clock.ts': 'export const own = () => Date.now();\n',
  'worker/clean.ts': 'export const own = 1;\n',
  'worker/config.ts': "export const own = process.env['HOME'];\n",
  'operator/planning/home.ts': "import { createHash } from 'node:crypto';\nexport const own = createHash;\n",
  'test/unit/long.test.ts': `import { suite, test } from 'node:test';\n${use}suite('a', () => {\n  test('b', async () => {\n    await Promise.resolve();\n${lines(60)}  });\n});\n`,
};

suite('the linter under the configuration of the project', () => {
  let tree: PlantedTree;
  let findings: readonly Finding[];
  before(async () => {
    const wrong = Object.fromEntries(planted.map(([, path, text]) => [path, text]));
    tree = plantTree({ ...wrong, ...allowed });
    findings = await lint(tree.root);
  });
  after(() => {
    tree.remove();
  });

  for (const [rule, path] of planted) {
    test(`${rule} fires in ${path}`, () => {
      const here = findings.filter(({ filename }) => filename === path).map(({ code }) => code);
      assert.ok(here.includes(rule), `${path}: ${here.join(', ')}`);
    });
  }

  test('the linter lets pass what is allowed where it stands', () => {
    assert.deepEqual(
      findings.filter(({ filename }) => filename in allowed),
      [],
    );
  });
});

/** Findings fail the command; what counts is what it says. */
async function lint(root: string): Promise<readonly Finding[]> {
  const command = join(projectRoot, 'node_modules/.bin/oxlint');
  const run = promisify(execFile)(command, ['--format=json'], { cwd: root });
  const stdout = await run.then(
    () => '{"diagnostics":[]}',
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  return (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics;
}
