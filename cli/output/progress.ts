import type { Clock } from '../../lib/clock.ts';
import type { CommandIo } from '../command.ts';

/** Tells a person how far a command is, on a line that is written over. */
export interface Progress {
  show(text: string): Promise<void>;
  /** Takes the line away. */
  clear(): Promise<void>;
}

const intervalMs = 250;
const startOfLine = '\r\u001b[K';

/** Only on a terminal, and only when the results go elsewhere. */
export function createProgress(io: CommandIo, clock: Clock): Progress {
  if (!io.stderr.isTerminal || io.stdout.isTerminal) return { show: async () => {}, clear: async () => {} };
  let shownAt = -Infinity;
  return {
    show: async (text) => {
      const now = clock.monotonic();
      if (now - shownAt < intervalMs) return;
      shownAt = now;
      await io.stderr.write(startOfLine + text.slice(0, io.stderr.columns - 1));
    },
    clear: async () => {
      if (shownAt > -Infinity) await io.stderr.write(startOfLine);
    },
  };
}
