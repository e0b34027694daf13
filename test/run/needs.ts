import type { Graph } from '../../tools/rooms/graph.ts';
import { reasonToSkip } from '../support/control-plane/install.ts';
import { reasonToSkipMiniStack } from '../support/ministack/install.ts';

/**
 * A real server that some tests start, and what keeps this machine from starting it. Under `CI=true` nothing does:
 * there the tests run, and fail where the server is missing.
 */
interface Need {
  /** The module that starts it: whoever reaches it needs it. */
  readonly module: string;
  readonly reasonToLeaveOut: () => Promise<string | false>;
}

const needs: readonly Need[] = [
  { module: 'test/support/control-plane/control-plane.ts', reasonToLeaveOut: reasonToSkip },
  { module: 'test/support/ministack.ts', reasonToLeaveOut: reasonToSkipMiniStack },
];

export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

/** Which of the test files this machine cannot run, each with the reason. */
export async function leftOut(paths: readonly string[], graph: Graph): Promise<readonly LeftOut[]> {
  const found: LeftOut[] = [];
  for (const { module, reasonToLeaveOut } of needs) {
    const dependent = paths.filter((path) => reach(path, graph).has(module));
    const reason = dependent.length > 0 && (await reasonToLeaveOut());
    if (reason !== false) found.push(...dependent.map((path) => ({ path, reason })));
  }
  return found;
}

/** All of ours that runs when `start` is run. */
function reach(start: string, graph: Graph): ReadonlySet<string> {
  const reached = new Set([start]);
  for (const path of reached) {
    for (const one of graph.get(path) ?? []) {
      if (one.kind === 'ours' && !one.typeOnly) reached.add(one.to);
    }
  }
  return reached;
}
