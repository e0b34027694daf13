import { digestOf } from '../lib/digest.ts';
import type { ObjectStore } from '../lib/aws/object-store.ts';
import { openS3, type S3Options } from '../lib/aws/s3.ts';
import { formatKey, type ObjectKey } from './runtime/objects.ts';

/** The S3 clients that this operator has open, one for each S3Connection. */
export class ObjectStores {
  readonly #open = new Map<string, { readonly access: string; readonly objects: ObjectStore }>();

  /** The client of a connection; a changed endpoint, credential or certificate makes a new one. */
  get(connection: ObjectKey, options: S3Options): ObjectStore {
    const name = formatKey(connection);
    const access = digestOf([JSON.stringify(options)]);
    const current = this.#open.get(name);
    if (current?.access === access) return current.objects;
    current?.objects.close();
    const objects = openS3(options);
    this.#open.set(name, { access, objects });
    return objects;
  }

  release(connection: ObjectKey): void {
    const name = formatKey(connection);
    this.#open.get(name)?.objects.close();
    this.#open.delete(name);
  }

  closeAll(): void {
    for (const { objects } of this.#open.values()) objects.close();
    this.#open.clear();
  }
}
