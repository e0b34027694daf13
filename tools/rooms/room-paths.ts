import { rooms } from './table.ts';
import type { Room } from './table.ts';

/** Whether the room at `roomPath` (which may hold `*`) is, or is around, `path`. */
export function covers(roomPath: string, path: string): boolean {
  const wanted = roomPath.split('/');
  const given = path.split('/');
  return wanted.length <= given.length && wanted.every((part, at) => part === '*' || part === given[at]);
}

/** The rooms that a file or a room lies in, the widest first. */
export function roomsAround(path: string): readonly Room[] {
  return rooms.filter((room) => covers(room.path, path)).toSorted((a, b) => depthOf(a) - depthOf(b));
}

function depthOf(room: Room): number {
  return room.path.split('/').length;
}
