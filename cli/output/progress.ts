import type { Clock } from '../../lib/clock.ts';
import type { CommandIo } from '../command.ts';
import { createLiveLine, type LiveLine } from './live-line.ts';

/** A line beside results that are printed as they come: only on a terminal, and only when the results go elsewhere. */
export function createProgress(io: CommandIo, clock: Clock): LiveLine {
  if (io.stderr.isTerminal && !io.stdout.isTerminal) return createLiveLine(io.stderr, clock);
  return { show: async () => {}, clear: async () => {} };
}
