import { randomBytes } from 'node:crypto';
import { exitCodes, type Command } from '../command.ts';
import { openDemoFolders } from '../demo/demo-folders.ts';
import { showDemo } from '../demo/show-demo.ts';

/** The main job on embedded parts: for a first look, and for a machine with nothing but Node. */
export const demo = {
  usage: [''],
  description: [
    'Starts an S3 and a PostgreSQL of its own in a temporary folder, uploads files with a few bad rows among them, imports them as millrace run does, overwrites one file, and shows what became of everything. Nothing is left behind.',
    'The embedded parts are development packages of the project, so the command works in a checkout.',
  ],
  options: {},
  async run(_args, io, deps) {
    await using folders = await openDemoFolders();
    await showDemo({ ...folders, password: randomBytes(12).toString('hex') }, io, deps);
    return exitCodes.ok;
  },
} satisfies Command;
