import type { MemoryPool } from './format.ts';

interface Waiting {
  readonly bytes: number;
  readonly of: number;
  readonly start: () => void;
}

/**
 * Memory that the files of one process share. Those that wait get their part in the order in which they asked; who is
 * alone gets what it asks for, however much it is.
 */
export function createMemoryPool(): MemoryPool {
  const waiting: Waiting[] = [];
  let taken = 0;
  const admit = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      if (taken > 0 && taken + first.bytes > first.of) return;
      waiting.shift();
      taken += first.bytes;
      first.start();
    }
  };
  return {
    reserve: async ({ bytes, of }, signal) => {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const entry: Waiting = {
          bytes,
          of,
          start: () => {
            signal.removeEventListener('abort', abort);
            resolve();
          },
        };
        const abort = (): void => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(signal.reason as Error);
          admit();
        };
        signal.addEventListener('abort', abort, { once: true });
        waiting.push(entry);
        admit();
      });
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        taken -= bytes;
        admit();
      };
    },
  };
}
