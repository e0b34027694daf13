import type { Writable } from 'node:stream';

/** Where a command writes: its own pace is that of whoever reads. */
export interface Output {
  /** Resolves when more can be taken. */
  write(text: string): Promise<void>;
  /** A person looks at it: it may be overwritten, and is as wide as `columns`. */
  readonly isTerminal: boolean;
  readonly columns: number;
}

/** What `process.stdout` is. */
interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const usualColumns = 80;

/** `onClosed` is called when nobody reads any more, as when `head` has seen enough; writing is then without effect. */
export function createOutput(stream: OutputStream, onClosed: () => void): Output {
  let closed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    closed = true;
    onClosed();
  });
  return {
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? usualColumns,
    write: async (text) => {
      if (closed || stream.write(text)) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          stream.off('drain', done).off('error', done).off('close', done);
          resolve();
        };
        stream.on('drain', done).on('error', done).on('close', done);
      });
    },
  };
}
