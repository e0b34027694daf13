import type { Command } from '../command.ts';
import { apply } from './apply.ts';
import { convert } from './convert.ts';
import { deleteCommand } from './delete.ts';
import { demo } from './demo.ts';
import { describe } from './describe.ts';
import { get } from './get.ts';
import { preview } from './preview.ts';
import { read } from './read.ts';
import { run } from './run.ts';

/** Every command of `millrace`, in the order of its help. */
export const commands = Object.freeze({
  run,
  apply,
  get,
  describe,
  delete: deleteCommand,
  read,
  convert,
  preview,
  demo,
}) satisfies Record<string, Command>;
