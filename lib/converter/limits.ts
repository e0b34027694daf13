/** Bounds on a converter document. They protect whoever compiles it; honest converters stay far below. */
export const converterLimits = {
  /** Source descriptions one inside another. */
  depth: 64,
  /** Source descriptions in all. */
  sources: 10_000,
  /** Errors told at once. */
  errors: 100,
} as const;
