import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { readGraph } from '../../tools/rooms/graph.ts';
import type { Graph } from '../../tools/rooms/graph.ts';
import { importsOf } from '../../tools/rooms/imports-of.ts';
import { readsClock } from '../../tools/rooms/reads-clock.ts';
import { checkRooms, homesOfPackage } from '../../tools/rooms/rules.ts';
import type { Violation } from '../../tools/rooms/rules.ts';
import { packageHomes, rooms } from '../../tools/rooms/table.ts';
import { plantTree } from '../support/planted-tree.ts';
import type { PlantedTree } from '../support/planted-tree.ts';
import { projectFiles, projectRoot, readProjectFile } from '../support/project-files.ts';

const constant = 'export const planted = 1;\n';
const importOf = (specifier: string): string =>
  `import { planted } from '${specifier}';\nexport const own = planted;\n`;

/** What each planted file does wrong; all else in the tree is right. */
const plantedViolations: readonly {
  readonly says: string;
  readonly path: string;
  readonly text: string;
  readonly rule: Violation['rule'];
  readonly message: RegExp;
}[] = [
  {
    says: 'the operator imports the worker',
    path: 'operator/a.ts',
    text: importOf('../worker/clean.ts'),
    rule: 'room-imports',
    message: /worker\/clean\.ts, but operator may import only crds, lib, itself/,
  },
  {
    says: 'the worker imports the operator, if only a type',
    path: 'worker/a.ts',
    text: "import type { Planted } from '../operator/clean.ts';\nexport type Own = Planted;\n",
    rule: 'room-imports',
    message: /operator\/clean\.ts, but worker may import only crds, lib, itself/,
  },
  {
    says: 'the library imports the API',
    path: 'lib/a.ts',
    text: importOf('../crds/clean.ts'),
    rule: 'room-imports',
    message: /but lib may import only nothing else of ours/,
  },
  {
    says: 'the API imports the library',
    path: 'crds/a.ts',
    text: importOf('../lib/clean.ts'),
    rule: 'room-imports',
    message: /but crds may import only nothing else of ours/,
  },
  {
    says: 'the command line imports a test',
    path: 'cli/a.ts',
    text: importOf('../test/clean.ts'),
    rule: 'room-imports',
    message: /test\/clean\.ts, but cli may import only/,
  },
  {
    says: 'a tool imports a measurement',
    path: 'tools/a.ts',
    text: importOf('../bench/clean.ts'),
    rule: 'room-imports',
    message: /bench\/clean\.ts, but tools may import only/,
  },
  {
    says: 'the runtime imports the API',
    path: 'operator/runtime/a.ts',
    text: importOf('../../crds/clean.ts'),
    rule: 'room-imports',
    message: /but operator\/runtime may import only lib, itself/,
  },
  {
    says: 'the runtime imports the operator around it',
    path: 'operator/runtime/b.ts',
    text: importOf('../clean.ts'),
    rule: 'room-imports',
    message: /operator\/clean\.ts, but operator\/runtime may import only lib, itself/,
  },
  {
    says: 'a pure room reaches the file system through another module',
    path: 'operator/planning/a.ts',
    text: importOf('../../lib/reads-files.ts'),
    rule: 'pure-reach',
    message: /reaches fs\/promises: operator\/planning\/a\.ts → lib\/reads-files\.ts → fs\/promises/,
  },
  {
    says: 'a pure file in a folder of any name imports the network',
    path: 'operator/controllers/some-kind/status.ts',
    text: "import { connect } from 'node:net';\nexport const own = connect;\n",
    rule: 'pure-reach',
    message: /reaches net/,
  },
  {
    says: 'a pure room imports a package when it runs',
    path: 'operator/resources/a.ts',
    text: "export const own = async () => await import('yaml');\n",
    rule: 'pure-reach',
    message: /reaches yaml/,
  },
  {
    says: 'a package is imported outside its home',
    path: 'worker/b.ts',
    text: "import pg from 'pg';\nexport const own = pg;\n",
    rule: 'package-home',
    message: /pg, whose home is lib\/store/,
  },
  {
    says: 'a package of a scope is imported outside its home, if only a type',
    path: 'lib/b.ts',
    text: "import type { S3Client } from '@aws-sdk/client-s3';\nexport type Own = S3Client;\n",
    rule: 'package-home',
    message: /@aws-sdk\/client-s3, whose home is lib\/aws/,
  },
  {
    says: 'a package is imported that the table does not know',
    path: 'worker/c.ts',
    text: "import { parseSync } from 'oxc-parser';\nexport const own = parseSync;\n",
    rule: 'package-home',
    message: /oxc-parser, whose home is nowhere/,
  },
  {
    says: 'the operator starts processes',
    path: 'operator/c.ts',
    text: "import { spawn } from 'node:child_process';\nexport const own = spawn;\n",
    rule: 'core-home',
    message: /child_process, whose home is cli/,
  },
  {
    says: 'two modules import each other',
    path: 'lib/cycle-a.ts',
    text: importOf('./cycle-b.ts'),
    rule: 'no-cycle',
    message: /lib\/cycle-a\.ts → lib\/cycle-b\.ts → lib\/cycle-a\.ts/,
  },
  {
    says: 'a module that does not exist is imported',
    path: 'lib/c.ts',
    text: importOf('./gone.ts'),
    rule: 'resolvable',
    message: /gone\.ts, which does not exist/,
  },
  {
    says: 'a source lies outside all rooms',
    path: 'stray/a.ts',
    text: constant,
    rule: 'no-room',
    message: /lies in no room/,
  },
];

/** What the planted ones import, and what looks like a violation and is none. */
const clean: Readonly<Record<string, string>> = {
  'bench/clean.ts': constant,
  'cli/clean.ts': importOf('../worker/clean.ts'),
  'crds/clean.ts': constant,
  'lib/clean.ts': constant,
  'lib/cycle-b.ts': importOf('./cycle-a.ts'),
  'lib/reads-files.ts':
    "import { readFile } from 'node:fs/promises';\nexport const planted = readFile;\nexport type Files = object;\n",
  'lib/type-cycle-a.ts': "import type { B } from './type-cycle-b.ts';\nexport type A = B | null;\n",
  'lib/type-cycle-b.ts':
    "import type { A } from './type-cycle-a.ts';\nexport interface B {\n  readonly a: A;\n}\n",
  'lib/store/clean.ts': "import pg from 'pg';\nexport const own = pg;\n",
  'operator/clean.ts': 'export type Planted = object;\nexport const planted = 1;\n',
  'operator/planning/clean.ts':
    "import type { Files } from '../../lib/reads-files.ts';\nexport type Own = Files;\n",
  'lib/converter/clean.ts':
    "import { createHash } from 'node:crypto';\nimport { RE2JS } from 're2js';\nexport const own = [createHash, RE2JS];\n",
  'test/clean.ts': "import pg from 'pg';\nexport const planted = pg;\n",
  'worker/clean.ts': constant,
};

suite('the check of the rooms', () => {
  let tree: PlantedTree;
  let found: readonly Violation[];
  before(() => {
    const planted = Object.fromEntries(plantedViolations.map(({ path, text }) => [path, text]));
    tree = plantTree({ ...clean, ...planted });
    found = checkRooms(readGraph(tree.root));
  });
  after(() => {
    tree.remove();
  });

  for (const { says, path, rule, message } of plantedViolations) {
    test(`sees that ${says}`, () => {
      const here = found.filter((one) => one.path === path && one.rule === rule);
      assert.equal(here.length, 1, JSON.stringify(found.filter((one) => one.path === path)));
      assert.match(here[0]!.message, message);
    });
  }

  test('sees nothing wrong in what only looks so', () => {
    const wrong = new Set([...plantedViolations.map(({ path }) => path), 'lib/cycle-b.ts']);
    assert.deepEqual(
      found.filter(({ path }) => !wrong.has(path)),
      [],
    );
  });

  test('reads every way to import, and whether it is gone when the program runs', () => {
    const text = [
      "import './a.ts';",
      "import b from './b.ts';",
      "import type { c } from './c.ts';",
      "import { type d } from './d.ts';",
      "export * from './e.ts';",
      "export type { f } from './f.ts';",
      "export { g } from './g.ts';",
      "export const h = async () => { await using x = await import('./h.ts'); };",
      "export type I = typeof import('./i.ts');",
      'export const j = (name: string) => import(name);',
    ].join('\n');
    assert.deepEqual(
      importsOf('x.ts', text).map(({ names, typeOnly }) => `${names}${typeOnly ? ' (type)' : ''}`),
      [
        './a.ts',
        './b.ts',
        './c.ts (type)',
        './d.ts',
        './e.ts',
        './f.ts (type)',
        './g.ts',
        './h.ts',
        './i.ts (type)',
        'undefined',
      ],
    );
  });

  test('fails where a file cannot be read as TypeScript', () => {
    assert.throws(() => importsOf('lib/broken.ts', 'import { from;'), /lib\/broken\.ts: /);
  });

  test('sees the clock that is read by a constructor, and no other use of dates', () => {
    for (const text of ['new Date()', 'new Date', 'Date()', 'const f = () => [new Date().getTime()]']) {
      assert.equal(readsClock('x.ts', `export const own = () => { ${text}; };`), true, text);
    }
    for (const text of ['new Date(0)', 'new Date(given)', 'Date.UTC(2026)', 'a as Date', '"new Date()"']) {
      assert.equal(
        readsClock('x.ts', `export const own = (given: number, a: unknown) => { ${text}; };`),
        false,
        text,
      );
    }
  });
});

suite('the table of the rooms', () => {
  let graph: Graph;
  before(() => {
    graph = readGraph(projectRoot);
  });

  test('gives every package that the product installs a home, and no other', () => {
    const { dependencies } = JSON.parse(readProjectFile('package.json')) as {
      dependencies: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) assert.notDeepEqual(homesOfPackage(name), [], name);
  });

  test('names homes of packages that lie in a room', () => {
    for (const home of Object.values(packageHomes).flat()) {
      assert.ok(
        rooms.some((room) => home === room.path || home.startsWith(`${room.path}/`)),
        home,
      );
    }
  });

  test('is kept by every source file', () => {
    assert.deepEqual(checkRooms(graph), []);
    assert.equal(graph.size, projectFiles().filter((path) => path.endsWith('.ts')).length);
  });
});
