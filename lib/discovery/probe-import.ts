import { arnsOf } from '../aws/arns.ts';
import type { ListedObject, ObjectStore } from '../aws/object-store.ts';
import { reasonOf } from '../errors.ts';

/** What an action that an import needs came to when it was tried. */
export interface Probe {
  readonly action: 's3:ListBucket' | 's3:GetObject' | 'kms:Decrypt';
  readonly resource: string;
  readonly result: 'Allowed' | 'Denied' | 'Unknown';
  /** What was thrown, where the action did not succeed. */
  readonly error?: unknown;
}

export interface ProbeInput {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly account?: string | undefined;
  /** Which keys the source would take in: one of them is read, if there is one. */
  readonly matches: (key: string) => boolean;
}

/** Enough to meet an object that can be read, among folders and archived ones. */
const keysLookedAt = 100;

/**
 * Tries each action once: a listing of the prefix, and one byte of an object that it names. A key that is not there is
 * never asked for, since S3 answers that alike whether or not reading is allowed: with no object the read is Unknown.
 */
export async function probeImport(
  objects: ObjectStore,
  input: ProbeInput,
  signal: AbortSignal,
): Promise<readonly Probe[]> {
  const { bucket, prefix } = input;
  const arns = arnsOf(bucket, input);
  const list = { action: 's3:ListBucket', resource: arns.bucket } as const;
  const read = { action: 's3:GetObject', resource: arns.objects(prefix) } as const;
  let listed: readonly ListedObject[];
  try {
    ({ objects: listed } = await objects.listPage({ bucket, prefix, maxKeys: keysLookedAt }, signal));
  } catch (error) {
    signal.throwIfAborted();
    return [
      { ...list, result: isDenial(error) ? 'Denied' : 'Unknown', error },
      { ...read, result: 'Unknown' },
    ];
  }
  const allowed = { ...list, result: 'Allowed' } as const;
  const object = pickObject(listed, input.matches);
  if (object === undefined) return [allowed, { ...read, result: 'Unknown' }];
  return [allowed, ...(await probeRead(objects, { bucket, prefix, object, read }, signal))];
}

async function probeRead(
  objects: ObjectStore,
  asked: {
    readonly bucket: string;
    readonly prefix: string;
    readonly object: ListedObject;
    readonly read: Pick<Probe, 'action' | 'resource'>;
  },
  signal: AbortSignal,
): Promise<readonly Probe[]> {
  const { bucket, prefix, object, read } = asked;
  try {
    const { body } = await objects.open(
      { bucket, key: object.key, prefix, range: { first: 0, last: 0 } },
      signal,
    );
    body.destroy();
    return [{ ...read, result: 'Allowed' }];
  } catch (error) {
    signal.throwIfAborted();
    const reason = reasonOf(error);
    // What S3 says of the object itself, it says only to those who may read it.
    if (ofTheObject.has(reason)) return [{ ...read, result: 'Allowed' }];
    if (reason === 'ObjectNotFound') return [{ ...read, result: 'Unknown' }];
    if (reason !== 'KMSAccessDenied') {
      return [{ ...read, result: isDenial(error) ? 'Denied' : 'Unknown', error }];
    }
    return [
      { ...read, result: 'Unknown' },
      { action: 'kms:Decrypt', resource: '*', result: 'Denied', error },
    ];
  }
}

const ofTheObject = new Set(['ObjectArchived', 'ObjectChangedDuringRead']);

const denials = new Set([
  'PermissionDenied',
  'ListDenied',
  'ReadDenied',
  'KMSAccessDenied',
  'ExplicitDeny',
  'VPCEndpointDenied',
]);

function isDenial(error: unknown): boolean {
  return denials.has(reasonOf(error));
}

/** One that is wanted and not archived, else any. An object without bytes has no first one to ask for. */
function pickObject(
  listed: readonly ListedObject[],
  matches: (key: string) => boolean,
): ListedObject | undefined {
  const readable = listed.filter(({ size }) => size > 0);
  const wanted = readable.filter(({ key }) => matches(key));
  return wanted.find(({ storageClass }) => !isArchived(storageClass)) ?? wanted[0] ?? readable[0];
}

function isArchived(storageClass: string): boolean {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
}
