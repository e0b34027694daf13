/**
 * Checks that the sources import each other as `table.ts` allows: `node tools/rooms/main.ts [ROOT]`.
 * Prints what it saw, then each violation; ends with 1 if there is any.
 */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readGraph } from './graph.ts';
import { readsClock } from './reads-clock.ts';
import { roomsAround } from './room-paths.ts';
import { checkRooms } from './rules.ts';
import type { Violation } from './rules.ts';

function main(root: string): number {
  const graph = readGraph(root);
  const found = [...checkRooms(graph), ...clockReaders(root, [...graph.keys()])];
  for (const { path, rule, message } of found) process.stderr.write(`${path}: ${message} (${rule})\n`);
  process.stdout.write(`rooms: ${graph.size} modules; ${found.length} violations\n`);
  return found.length > 0 ? 1 : 0;
}

function clockReaders(root: string, paths: readonly string[]): readonly Violation[] {
  return paths
    .filter((path) => roomsAround(path).some((room) => room.pure))
    .filter((path) => readsClock(path, readFileSync(join(root, path), 'utf8')))
    .map((path) => ({ rule: 'pure-clock', path, message: 'is pure, but reads the clock by new Date()' }));
}

process.exitCode = main(resolve(process.argv[2] ?? '.'));
