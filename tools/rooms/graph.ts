import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { importsOf, type Specifier } from './imports-of.ts';

export interface Import {
  /**
   * `ours`: a path below the root. `core`: a module of Node without `node:`. `package`: a name. `unknown`: what is
   * nowhere on the disk, or is computed.
   */
  readonly kind: 'ours' | 'core' | 'package' | 'unknown';
  readonly to: string;
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
}

/** Path of each module below the root, and what it imports. */
export type Graph = ReadonlyMap<string, readonly Import[]>;

/**
 * Who imports whom among all `.ts` files below the root.
 *
 * Names are resolved as Node resolves them in this project: relative ones carry their extension, and a package has no
 * home on the disk that matters here.
 *
 * @throws where a file is no TypeScript: what cannot be read cannot be judged.
 */
export function readGraph(root: string): Graph {
  const paths = sourceFiles(root);
  return new Map(
    paths.map((path) => {
      const specifiers = importsOf(path, readFileSync(join(root, path), 'utf8'));
      return [path, specifiers.map((one) => resolveImport(root, path, one))];
    }),
  );
}

function resolveImport(root: string, from: string, { names, typeOnly }: Specifier): Import {
  if (names === undefined) return { kind: 'unknown', to: 'a computed name', typeOnly };
  if (isBuiltin(names)) return { kind: 'core', to: names.replace(/^node:/, ''), typeOnly };
  if (!names.startsWith('.')) return { kind: 'package', to: packageName(names), typeOnly };
  const to = join(dirname(from), names);
  return { kind: existsSync(join(root, to)) ? 'ours' : 'unknown', to, typeOnly };
}

/** `@scope/name` or `name` of what an import says. */
function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
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
