import type { ObjectStore } from '../lib/aws/object-store.ts';
import type { RandomAccessFile } from '../worker/formats/format.ts';
import { accessOf, type StoredFile } from '../worker/formats/read-records.ts';
import { openObjectParts } from '../worker/pipeline/object-parts.ts';

export interface OpenedObjectFile {
  readonly file: StoredFile | RandomAccessFile;
  /** Its version, or where there is none its ETag, as ids of rows are made from it. */
  readonly version: string;
}

/** An object as files of the format are read: from its beginning on, or wherever its rows lie. */
export async function openObjectFile(
  objects: Pick<ObjectStore, 'open' | 'head'>,
  { bucket, key, format }: { readonly bucket: string; readonly key: string; readonly format: string },
  signal: AbortSignal,
): Promise<OpenedObjectFile> {
  if (accessOf(format) === 'stream') {
    const object = await objects.open({ bucket, key }, signal);
    return { file: object, version: object.versionId ?? object.etag };
  }
  const { etag, size, versionId } = await objects.head({ bucket, key }, signal);
  const retry = <T>(call: () => Promise<T>) => call();
  return {
    file: openObjectParts({ bucket, key, etag, size }, { objects, retry }),
    version: versionId ?? etag,
  };
}
