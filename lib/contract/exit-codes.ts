/**
 * How a worker's end is told to whoever started it. The Job's `podFailurePolicy` is made from this table.
 */
export const exitCodes = {
  /** All done, or an orderly stop: nothing of this worker's is left claimed. */
  done: 0,
  /** Anything not told apart: retried. */
  crashed: 1,
  /** The task or the configuration is invalid: the whole Job fails. */
  configuration: 10,
  /** The credentials were refused: the whole Job fails. */
  credentials: 11,
  /** An action was denied: the whole Job fails. */
  permission: 12,
  /** The store or S3 did not answer for longer than the worker's patience: retried with back-off. */
  transient: 30,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
