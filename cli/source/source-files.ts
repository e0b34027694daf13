import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import type { ListedObject, ObjectStore } from '../../lib/aws/object-store.ts';
import { TerminalError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { selectObject } from '../../lib/discovery/selection.ts';
import type { ReadSettings } from '../../worker/formats/read-records.ts';
import type { OpenedSource } from './open-source.ts';

/**
 * The files that the source would take in, in order of the key, a page of the listing at a time.
 * Errors: `PrefixEmpty` when there is none, and those of S3.
 */
export async function* sourceFiles(
  { source, matches }: Pick<OpenedSource, 'source' | 'matches'>,
  objects: ObjectStore,
  signal: AbortSignal,
): AsyncGenerator<ListedObject> {
  const { bucket, prefix } = source.spec;
  let startAfter: string | undefined;
  let found = 0;
  do {
    const page = await objects.listPage({ bucket, prefix, startAfter }, signal);
    const files = page.objects.filter((object) => selectObject(object, matches) === 'file');
    found += files.length;
    yield* files;
    startAfter = page.nextStartAfter;
  } while (startAfter !== undefined);
  if (found > 0) return;
  throw new TerminalError({
    reason: 'PrefixEmpty',
    message: `There is no object in bucket ${bucket} under ${JSON.stringify(prefix)} that the source would take in.`,
  });
}

export function settingsOf({ spec: { files } }: S3ImportSource): ReadSettings {
  return {
    format: files.format,
    compression: files.compression,
    options: { ...files.csv, ...files.parquet } as Readonly<JsonObject>,
  };
}
