import type { Parameters } from 'fast-check';

/**
 * How long a law over random input is tried: `usualRuns` times from a fixed seed in the quick tests; in `make fuzz` for
 * `FUZZ_SECONDS`, from a seed that `FUZZ_SEED` sets or that chance gives. A failure prints seed and path.
 */
export function fuzzParameters(
  usualRuns: number,
): Pick<Parameters<unknown>, 'numRuns' | 'seed' | 'interruptAfterTimeLimit' | 'markInterruptAsFailure'> {
  const { FUZZ_SECONDS: seconds, FUZZ_SEED: seed } = process.env;
  if (seconds === undefined) return { numRuns: usualRuns, seed: 1 };
  return {
    numRuns: 2 ** 31 - 1,
    seed: seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(seed),
    interruptAfterTimeLimit: Number(seconds) * 1000,
    markInterruptAsFailure: false,
  };
}
