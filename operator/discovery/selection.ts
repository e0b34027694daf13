/** An object of a listing, as far as a selection looks at it. */
export interface ListedKey {
  readonly key: string;
  readonly size: number;
}

/** Whether a source takes an object in as a file, and if not, why. */
export type Selection = 'file' | 'folder' | 'other-name';

/**
 * A key that ends with `/` and has no bytes is what consoles make to show a folder: never a file.
 * Anything else is one if the whole key matches the pattern.
 */
export function selectObject(object: ListedKey, matches: (key: string) => boolean): Selection {
  if (object.size === 0 && object.key.endsWith('/')) return 'folder';
  return matches(object.key) ? 'file' : 'other-name';
}
