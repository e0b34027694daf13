/** What waits in the ledger, as far as a plan looks at it. */
export interface Backlog {
  readonly files: number;
  /** Of the objects as S3 stores them. */
  readonly bytes: number;
}

/**
 * A worker reads about 20 MB of compressed lines a second; so many bytes are a dozen seconds of one worker's
 * work, several times what its start costs.
 */
const bytesPerShard = 256 * 1024 * 1024;

/** Small files cost a round trip each, not bytes: as many as one worker takes in about the same time. */
const filesPerShard = 500;

/**
 * How many workers a backlog is worth, from 0 (nothing to do) to `max`.
 * The ledger hands out the files, so the number decides speed alone, never who does what.
 */
export function planShards(backlog: Backlog, max: number): number {
  if (backlog.files === 0) return 0;
  const wanted = Math.max(
    Math.ceil(backlog.files / filesPerShard),
    Math.ceil(backlog.bytes / bytesPerShard),
    1,
  );
  return Math.min(wanted, max, backlog.files);
}
