import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { projectRoot, readProjectFile } from '../support/project-files.ts';

const run = promisify(execFile);

/** A machine with the Node of that version on PATH, and an npm that brings any package. */
async function machineWith(version: string, t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-toolchain-'));
  t.after(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await program(join(bin, 'node'), `echo ${version}`);
  // Called as: npm install --prefix FOLDER … PACKAGE@VERSION
  const target = '"$3/node_modules/${package%@*}/bin"';
  await program(
    join(bin, 'npm'),
    `for package; do :; done; mkdir -p ${target}; cp "${join(bin, 'node')}" ${target}/node; sleep 0.1`,
  );
  const cache = join(folder, 'cache');
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, MILLRACE_CACHE: cache };
  const findNode = async () => (await run(join(projectRoot, 'tools/node.sh'), { env })).stdout.trim();
  return { bin, cache, findNode };
}

async function program(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

suite('the toolchain', () => {
  test('uses the Node of the machine when it is new enough, and brings nothing', async (t) => {
    for (const version of ['v24.12.0', 'v24.30.1', 'v26.0.0', 'v100.1.0']) {
      const machine = await machineWith(version, t);
      assert.equal(await machine.findNode(), machine.bin, version);
      await assert.rejects(readdir(machine.cache));
    }
  });

  test('brings a Node into the cache where that of the machine is too old', async (t) => {
    for (const version of ['v24.11.9', 'v20.20.2', 'v9.0.0', 'nonsense']) {
      const machine = await machineWith(version, t);
      const found = await machine.findNode();
      assert.ok(found.startsWith(`${machine.cache}/node-`), `${version}: ${found}`);
      assert.equal(await machine.findNode(), found);
    }
  });

  test('brings one Node, whole, when many ask for it at once', async (t) => {
    const machine = await machineWith('v18.0.0', t);
    const found = await Promise.all(Array.from({ length: 5 }, machine.findNode));
    assert.equal(new Set(found).size, 1);
    const [home = '', ...others] = await readdir(machine.cache);
    assert.deepEqual(others, []);
    assert.deepEqual(await readdir(join(machine.cache, home)), ['node_modules']);
  });

  test('asks for the same Node in every place that names one', () => {
    const { engines } = JSON.parse(readProjectFile('package.json')) as { engines: { node: string } };
    const script = readProjectFile('tools/node.sh');
    const [, major] = /wanted_major=(\d+)/.exec(script) ?? [];
    const [, minor] = /wanted_minor=(\d+)/.exec(script) ?? [];
    assert.equal(engines.node, `>=${major}.${minor}`);
  });

  test('explains every target of make that is called by hand', () => {
    const makefile = readProjectFile('Makefile');
    const phony = [...makefile.matchAll(/^\.PHONY: (.+)$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
    const explained = new Set([...makefile.matchAll(/^([a-z-]+):.*## \w/gm)].map((match) => match[1]));
    const parts = ['quick', 'prepare'];
    assert.deepEqual(
      phony.filter((name) => !explained.has(name)),
      parts,
    );
  });
});
