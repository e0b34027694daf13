/**
 * Runs suites of tests: `node test/run/main.ts SUITE… [-- ARGUMENT…]`, arguments being those of `node --test`.
 * `ONLY=text` takes only test files whose path holds the text.
 *
 * Quick suites run in two processes, slow ones in one for each file, two at a time. What this machine cannot run is left
 * out and told, with the reason; under `CI=true` it is run all the same, and fails. At the end come the tests that
 * failed, and the closing lines of node's test runner, of all suites together.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readGraph } from '../../tools/rooms/graph.ts';
import { addCounts, closingLines, countLine, failedTests, noCounts, type Counts } from './closing-lines.ts';
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
  const slow = filesOf(wanted, 'slow');
  const missed = slow.length > 0 ? await leftOut(slow, readGraph(root)) : [];
  const runnable = slow.filter((path) => missed.every((one) => one.path !== path));

  const begun = performance.now();
  const quickRuns = await Promise.all(
    lanesOf(filesOf(wanted, 'quick')).map((paths, lane) => {
      return runNode([...flagsOf.quick, ...passedOn, ...paths], { live: lane === 0 });
    }),
  );
  for (const { printed } of quickRuns.slice(1)) process.stdout.write(`${printed.join('\n')}\n`);
  const slowRuns =
    runnable.length > 0 ? [await runNode([...flagsOf.slow, ...passedOn, ...runnable], { live: true })] : [];
  const runs = [...quickRuns, ...slowRuns];
  for (const { path, reason } of missed) process.stdout.write(`left out: ${path}: ${reason}\n`);
  for (const line of runs.flatMap(({ printed }) => failedTests(printed))) process.stdout.write(`${line}\n`);
  const counts = runs.reduce((sum, run) => addCounts(sum, run.counts), noCounts);
  process.stdout.write(closingLines({ ...counts, duration_ms: performance.now() - begun }));
  return runs.some(({ code }) => code !== 0) ? 1 : 0;
}

/** Quick suites are shared out to two processes: more would only start the same modules once more each. */
function lanesOf(paths: readonly string[]): readonly (readonly string[])[] {
  const lanes = [0, 1].map((lane) => paths.filter((_path, at) => at % 2 === lane));
  return lanes.filter((lane) => lane.length > 0);
}

function filesOf(names: readonly Suite[], kind: 'quick' | 'slow'): readonly string[] {
  const only = process.env['ONLY'] ?? '';
  return names
    .filter((name) => suites[name] === kind)
    .flatMap((name) => testFiles(root, name))
    .filter((path) => path.includes(only));
}

interface TestRun {
  readonly code: number;
  readonly counts: Counts;
  /** The lines that it printed, without its closing ones. */
  readonly printed: readonly string[];
}

async function runNode(args: readonly string[], { live }: { readonly live: boolean }): Promise<TestRun> {
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
  let counts = noCounts;
  const printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const counted = countLine(counts, line);
    if (counted !== undefined) {
      counts = counted;
      continue;
    }
    printed.push(line);
    if (live) process.stdout.write(`${line}\n`);
  }
  return { code: await ended, counts, printed };
}

const given = process.argv.slice(2);
const end = given.includes('--') ? given.indexOf('--') : given.length;
process.exitCode = await main(given.slice(0, end), given.slice(end + 1));
