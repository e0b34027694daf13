import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from '../../tools/rooms/graph.ts';

/**
 * The folders of `test/` that hold tests. Quick suites share processes: they start nothing that outlives a test and
 * keep no state in modules. Slow ones start real servers and get a process for each file.
 */
export const suites = {
  unit: 'quick',
  contract: 'quick',
  golden: 'quick',
  fuzz: 'quick',
  architecture: 'quick',
  integration: 'slow',
} as const satisfies Record<string, 'quick' | 'slow'>;

export type Suite = keyof typeof suites;

export function isSuite(name: string): name is Suite {
  return Object.hasOwn(suites, name);
}

/** Paths below the root of a suite's test files, sorted. */
export function testFiles(root: string, suite: Suite): readonly string[] {
  const folder = `test/${suite}`;
  if (!existsSync(join(root, folder))) return [];
  return sourceFiles(root, folder).filter((path) => path.endsWith('.test.ts'));
}
