/** How far a source was at a moment. */
export interface ProgressSample {
  readonly atMs: number;
  /** Files done or given up, ever. */
  readonly files: number;
  /** Records with whatever outcome, ever. */
  readonly records: number;
}

export interface Rates {
  readonly filesPerSecond: number;
  readonly recordsPerSecond: number;
}

/** Rates are of the last five minutes, so that one large file neither makes nor breaks them. */
const windowMs = 5 * 60_000;
const apartMs = 10_000;

/** The samples of the window with this one: hardly more than one each ten seconds, and one from before the window. */
export function addSample(
  samples: readonly ProgressSample[],
  sample: ProgressSample,
): readonly ProgressSample[] {
  const [previous, last] = samples.slice(-2);
  const crowded = previous !== undefined && last !== undefined && last.atMs - previous.atMs < apartMs;
  const kept = crowded ? samples.slice(0, -1) : samples;
  const begin = kept.findLastIndex(({ atMs }) => sample.atMs - atMs >= windowMs);
  return [...kept.slice(Math.max(0, begin)), sample];
}

/** Undefined: too little was seen. */
export function ratesOf(samples: readonly ProgressSample[]): Rates | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < apartMs) return undefined;
  const seconds = (last.atMs - first.atMs) / 1000;
  return {
    filesPerSecond: (last.files - first.files) / seconds,
    recordsPerSecond: (last.records - first.records) / seconds,
  };
}
