/**
 * Runs suites of tests: `node test/run/main.ts SUITE… [-- ARGUMENT…]`, arguments being those of `node --test`.
 * `ONLY=text` takes only test files whose path holds the text.
 *
 * Quick suites run in one process, slow ones in one for each file, two at a time. What this machine cannot run is left
 * out and told, with the reason; under `CI=true` it is run all the same, and fails. At the end come the closing lines
 * of node's test runner, of all suites together.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readGraph } from '../../tools/rooms/graph.ts';
import { closingLines, countLine, noCounts } from './closing-lines.ts';
import { leftOut } from './needs.ts';
import { isSuite, suites, testFiles } from './suites.ts';
import type { Suite } from './suites.ts';

const root = process.cwd();

/** Far above any test's own limits: it ends a run that hangs. */
const testTimeoutMs = 600_000;

const flagsOf = {
  quick: ['--test-isolation=none'],
  slow: ['--test-concurrency=2'],
} as const;

async function main(names: readonly string[], passedOn: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !isSuite(name));
  if (unknown.length > 0 || names.length === 0) {
    process.stderr.write(`usage: node test/run/main.ts ${Object.keys(suites).join('|')}… [-- ARGUMENT…]\n`);
    return 2;
  }
  const wanted = names.filter(isSuite);
  const quick = filesOf(wanted, 'quick');
  const slow = filesOf(wanted, 'slow');
  const missed = slow.length > 0 ? await leftOut(slow, readGraph(root)) : [];
  const runnable = slow.filter((path) => missed.every((one) => one.path !== path));

  let counts = noCounts;
  let failed = false;
  for (const [kind, paths] of [['quick', quick] as const, ['slow', runnable] as const]) {
    if (paths.length === 0) continue;
    const code = await runNode([...flagsOf[kind], ...passedOn, ...paths], (line) => {
      const counted = countLine(counts, line);
      if (counted === undefined) process.stdout.write(`${line}\n`);
      else counts = counted;
    });
    failed ||= code !== 0;
  }
  for (const { path, reason } of missed) process.stdout.write(`left out: ${path}: ${reason}\n`);
  process.stdout.write(closingLines(counts));
  return failed ? 1 : 0;
}

function filesOf(names: readonly Suite[], kind: 'quick' | 'slow'): readonly string[] {
  const only = process.env['ONLY'] ?? '';
  return names
    .filter((name) => suites[name] === kind)
    .flatMap((name) => testFiles(root, name))
    .filter((path) => path.includes(only));
}

/** Resolves with the exit code, after the last line. */
async function runNode(args: readonly string[], onLine: (line: string) => void): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--test', `--test-timeout=${testTimeoutMs}`, '--test-reporter=spec', ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } },
  );
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
  for await (const line of createInterface({ input: child.stdout })) onLine(line);
  return ended;
}

const given = process.argv.slice(2);
const end = given.includes('--') ? given.indexOf('--') : given.length;
process.exitCode = await main(given.slice(0, end), given.slice(end + 1));
