import type { Parameters } from 'fast-check';

/**
 * How often a law with real servers and processes is tried: a few seeded times in `make test`, as many as `CHAOS_RUNS`
 * says in `make chaos`, from a seed that `CHAOS_SEED` sets or that chance gives. A failure prints seed and path.
 */
export function chaosParameters(
  usualRuns: number,
): Required<Pick<Parameters<unknown>, 'numRuns' | 'seed' | 'endOnFailure'>> {
  const { CHAOS_RUNS: runs, CHAOS_SEED: seed } = process.env;
  const chance = runs === undefined ? 1 : Math.floor(Math.random() * 2 ** 31);
  return {
    numRuns: runs === undefined ? usualRuns : Number(runs),
    seed: seed === undefined ? chance : Number(seed),
    // With real servers a run is slow, and not wholly repeatable: the first failure is the one to look at.
    endOnFailure: true,
  };
}
