/**
 * Variables of every worker's process that keep it below 300 MB, whatever the file; `bench/README.md` has the figures.
 *
 * Rows live for a moment, and V8 lets the space for such objects grow to several times what they need before it looks
 * which are dead. Each thread that unzips has an arena of malloc of its own, which is kept once it has grown: two do.
 */
export const workerMemoryEnvironment = {
  NODE_OPTIONS: '--max-semi-space-size=8',
  MALLOC_ARENA_MAX: '2',
} as const;
