import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import type { IDependency, IModule } from 'dependency-cruiser';

export interface Import {
  /** `ours`: a path below the root. `core`: a module of Node without `node:`. `package`: a name. `unknown`: as written. */
  readonly kind: 'ours' | 'core' | 'package' | 'unknown';
  readonly to: string;
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
}

/** Path of each module below the root, and what it imports. */
export type Graph = ReadonlyMap<string, readonly Import[]>;

const options = { parser: 'swc', doNotFollow: { path: 'node_modules' } } as const;

/**
 * Reads who imports whom among all `.ts` files below the root.
 *
 * @throws when the reader saw other files than the disk holds: a check that sees nothing finds nothing, and says so
 * with a green exit (dependency-cruiser does, when it lacks a parser for TypeScript).
 */
export async function readGraph(root: string, read: typeof cruise = cruise): Promise<Graph> {
  const onDisk = sourceFiles(root);
  const { output } = await read([...onDisk], { ...options, baseDir: root });
  if (typeof output === 'string') throw new Error('the graph came back as text');
  const wanted = new Set(onDisk);
  const graph = new Map(
    output.modules
      .filter((module) => wanted.has(module.source))
      .map((module) => [module.source, importsOf(module)]),
  );
  const unseen = onDisk.filter((path) => !graph.has(path));
  if (unseen.length > 0) {
    throw new Error(
      `${graph.size} modules read, ${onDisk.length} files on disk; not read: ${unseen.join(', ')}`,
    );
  }
  return graph;
}

/** Paths below `root` of all `.ts` files in a folder of it, sorted; none of installed packages or hidden folders. */
export function sourceFiles(root: string, folder = ''): readonly string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter(({ name }) => name !== 'node_modules' && !name.startsWith('.'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return sourceFiles(root, path);
      return entry.name.endsWith('.ts') ? [path] : [];
    })
    .toSorted();
}

function importsOf(module: IModule): readonly Import[] {
  return module.dependencies.map((dependency) => {
    const typeOnly = dependency.dependencyTypes.includes('type-only');
    return { ...targetOf(dependency), typeOnly };
  });
}

function targetOf(dependency: IDependency): Pick<Import, 'kind' | 'to'> {
  if (dependency.coreModule) return { kind: 'core', to: dependency.resolved.replace(/^node:/, '') };
  if (dependency.module.startsWith('.')) {
    return { kind: dependency.couldNotResolve ? 'unknown' : 'ours', to: dependency.resolved };
  }
  return { kind: 'package', to: packageName(dependency.module) };
}

/** `@scope/name` or `name` of what an import says. */
function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
