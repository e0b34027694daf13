/** An object of a listing, as far as a selection looks at it. */
export interface ListedKey {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly storageClass: string;
  /** A copy of an archived object can be read for now. */
  readonly restored: boolean;
}

/**
 * Whether a source takes an object in as a file, and if not, why:
 * - `folder`: what consoles make to show a folder, a key that ends with `/` and has no bytes;
 * - `unstorable`: the key has a NUL character, for which PostgreSQL has no place;
 * - `otherName`: the pattern leaves it out;
 * - `empty`: it has no bytes (yet): if somebody writes some, it is a file;
 * - `archived`: S3 does not give it out before somebody restores it.
 */
export type Selection = 'file' | 'folder' | 'unstorable' | 'otherName' | 'empty' | 'archived';

/** Classes that an object must be restored from; from Glacier Instant Retrieval it is read as any other. */
const archiveClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

export function selectObject(object: ListedKey, matches: (key: string) => boolean): Selection {
  const { key, size, storageClass, restored } = object;
  if (size === 0 && key.endsWith('/')) return 'folder';
  if (key.includes('\0')) return 'unstorable';
  if (!matches(key)) return 'otherName';
  if (size === 0) return 'empty';
  return archiveClasses.has(storageClass) && !restored ? 'archived' : 'file';
}

/** What a source takes in comes best in files between these, in bytes; others are taken all the same, and counted. */
const smallBelow = 1_000_000;
const largeAbove = 5_000_000_000;

/** The word under which a pass counts an object, if it is out of the ordinary. */
export type TallyWord = Exclude<Selection, 'file'> | 'small' | 'large';

export function tallyWordOf(selection: Selection, size: number): TallyWord | undefined {
  if (selection !== 'file') return selection;
  if (size < smallBelow) return 'small';
  return size > largeAbove ? 'large' : undefined;
}
