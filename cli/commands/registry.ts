import type { Command } from '../command.ts';
import { convert } from './convert.ts';
import { preview } from './preview.ts';
import { read } from './read.ts';

/** Every command of `millrace`, in the order of its help. */
export const commands = Object.freeze({
  read,
  convert,
  preview,
}) satisfies Record<string, Command>;
