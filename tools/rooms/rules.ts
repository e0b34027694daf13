import type { Graph, Import } from './graph.ts';
import { covers, roomsAround } from './room-paths.ts';
import { coreHomes, packageHomes, productRooms, pureMayReach } from './table.ts';

export interface Violation {
  readonly rule:
    | 'room-imports'
    | 'pure-reach'
    | 'package-home'
    | 'core-home'
    | 'no-cycle'
    | 'resolvable'
    | 'no-room'
    | 'pure-clock';
  readonly path: string;
  readonly message: string;
}

/** Everything in the graph that the table does not allow, in order of path. Pure. */
export function checkRooms(graph: Graph): readonly Violation[] {
  const found: Violation[] = [];
  for (const [path, imports] of graph) {
    if (roomsAround(path).length === 0)
      found.push(violation('no-room', path, 'lies in no room of tools/rooms/table.ts'));
    for (const one of imports) found.push(...checkImport(path, one));
    found.push(...checkPurity(path, graph));
  }
  found.push(...checkCycles(graph));
  return found.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

function checkImport(path: string, one: Import): readonly Violation[] {
  switch (one.kind) {
    case 'ours':
      return checkRoomImport(path, one.to);
    case 'core':
      return checkHome(path, { rule: 'core-home', name: one.to, homes: coreHomes[one.to] ?? ['*'] });
    case 'package':
      return checkHome(path, { rule: 'package-home', name: one.to, homes: homesOfPackage(one.to) });
    case 'unknown':
      return [violation('resolvable', path, `imports ${one.to}, which does not exist`)];
  }
}

function checkRoomImport(path: string, to: string): readonly Violation[] {
  const around = roomsAround(path);
  const home = around.findLast((room) => room.mayImport !== undefined);
  if (home === undefined || covers(home.path, to)) return [];
  const allowed = home.mayImport ?? [];
  if (allowed.some((room) => covers(room, to))) return [];
  const may = allowed.length === 0 ? 'nothing else of ours' : [...allowed, 'itself'].join(', ');
  return [violation('room-imports', path, `imports ${to}, but ${home.path} may import only ${may}`)];
}

interface Fence {
  readonly rule: 'core-home' | 'package-home';
  readonly name: string;
  readonly homes: readonly string[];
}

function checkHome(path: string, { rule, name, homes }: Fence): readonly Violation[] {
  const ships = productRooms.some((room) => covers(room, path));
  if (!ships || homes.some((home) => covers(home, path))) return [];
  const where = homes.length === 0 ? 'nowhere: give it a home in tools/rooms/table.ts' : homes.join(', ');
  return [violation(rule, path, `imports ${name}, whose home is ${where}`)];
}

/** Rooms that may import the package; none for a package that the table does not know. */
export function homesOfPackage(name: string): readonly string[] {
  return packageHomes[name] ?? packageHomes[`${name.split('/', 1)[0]}/*`] ?? [];
}

function checkPurity(path: string, graph: Graph): readonly Violation[] {
  if (!roomsAround(path).some((room) => room.pure)) return [];
  return impureReach(path, graph).map((chain) =>
    violation('pure-reach', path, `is pure, but reaches ${chain.at(-1)}: ${chain.join(' → ')}`),
  );
}

/** The shortest chain of imports from `start` to each impure module within reach, over what exists at run time. */
function impureReach(start: string, graph: Graph): readonly (readonly string[])[] {
  const chains = new Map<string, readonly string[]>([[start, [start]]]);
  const impure: (readonly string[])[] = [];
  for (const [path, chain] of chains) {
    for (const one of graph.get(path) ?? []) {
      if (one.typeOnly || chains.has(one.to)) continue;
      chains.set(one.to, [...chain, one.to]);
      if (isImpure(one)) impure.push([...chain, one.to]);
    }
  }
  return impure;
}

function isImpure(one: Import): boolean {
  if (one.kind === 'core') return !pureMayReach.core.includes(one.to);
  return one.kind === 'package' && !pureMayReach.packages.includes(one.to);
}

/** One violation for each group of modules that import each other in a circle at run time. */
function checkCycles(graph: Graph): readonly Violation[] {
  const done = new Set<string>();
  const found: Violation[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      found.push(
        violation('no-cycle', path, `imports itself: ${[...trail.slice(seenAt), path].join(' → ')}`),
      );
      return;
    }
    if (done.has(path)) return;
    for (const one of graph.get(path) ?? []) {
      if (one.kind === 'ours' && !one.typeOnly) walk(one.to, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

function violation(rule: Violation['rule'], path: string, message: string): Violation {
  return { rule, path, message };
}
