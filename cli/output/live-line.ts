import type { Clock } from '../../lib/clock.ts';
import type { Output } from './output.ts';

/** How far a long command is, while it has nothing to print. */
export interface LiveLine {
  show(text: string): Promise<void>;
  /** Takes the line away from a terminal. */
  clear(): Promise<void>;
}

const terminalMs = 250;
const pipeMs = 2_000;
const startOfLine = '\r\u001b[K';

/** On a terminal one line that is written over; in a pipe plain lines, fewer, and only those that say something new. */
export function createLiveLine(output: Output, clock: Clock): LiveLine {
  let shownAt = -Infinity;
  let shown = '';
  const pauseMs = output.isTerminal ? terminalMs : pipeMs;
  return {
    show: async (text) => {
      const now = clock.monotonic();
      if (text === shown || now - shownAt < pauseMs) return;
      shownAt = now;
      shown = text;
      await output.write(output.isTerminal ? startOfLine + text.slice(0, output.columns - 1) : `${text}\n`);
    },
    clear: async () => {
      if (output.isTerminal && shown !== '') await output.write(startOfLine);
    },
  };
}
