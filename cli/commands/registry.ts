import type { Command } from '../command.ts';
import { convert } from './convert.ts';
import { read } from './read.ts';

/** Every command of `millrace`, in the order of its help. */
export const commands = Object.freeze({
  read,
  convert,
}) satisfies Record<string, Command>;
