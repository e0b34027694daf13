import { compileJavaRegex } from './converter/java-regex.ts';

/** How a source says which keys it takes in; exactly one member. */
export interface KeyPattern {
  /** A regular expression in Java's syntax. */
  readonly regex: string;
}

export type CompiledKeyPattern =
  | { readonly kind: 'compiled'; readonly matches: (key: string) => boolean }
  /** The message names the pattern and the way out. */
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * Compiles a key pattern for a source with that prefix.
 *
 * A regular expression must match from the first character to the last: either the whole key, folders included, or
 * what follows the source's prefix. So both forms that users write select the same files:
 * `web/ds=202011[1-2][0-9]/.*\.parquet` and, with the prefix `web/`, `ds=202011[1-2][0-9]/.*\.parquet`.
 * A key is matched in time linear in its length.
 */
export function compileKeyPattern(pattern: KeyPattern, prefix = ''): CompiledKeyPattern {
  const compiled = compileJavaRegex(pattern.regex);
  if (compiled.kind === 'invalid') return compiled;
  const { regex } = compiled;
  return {
    kind: 'compiled',
    matches: (key) =>
      regex.matchesAll(key) ||
      (prefix !== '' && key.startsWith(prefix) && regex.matchesAll(key.slice(prefix.length))),
  };
}
