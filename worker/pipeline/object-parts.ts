import { TransientError } from '../../lib/errors.ts';
import type { RandomAccessFile } from '../formats/format.ts';
import { otherLength, type KnownObject, type WholeObjectDeps } from './whole-object.ts';

/**
 * An object of which any stretch can be had, pinned to the content that was found: each stretch is one request, which
 * is repeated when it breaks.
 */
export function openObjectParts(object: KnownObject, deps: WholeObjectDeps): RandomAccessFile {
  return {
    size: object.size,
    read: (first, end, signal) => {
      if (first >= end) return Promise.resolve(Buffer.alloc(0));
      return deps.retry(() => readPart(object, { first, end }, deps, signal), signal);
    },
  };
}

interface Stretch {
  readonly first: number;
  readonly end: number;
}

async function readPart(
  object: KnownObject,
  { first, end }: Stretch,
  { objects }: WholeObjectDeps,
  signal: AbortSignal,
): Promise<Buffer> {
  const { size, ...address } = object;
  const { body, size: announced } = await objects.open(
    { ...address, range: { first, last: end - 1 } },
    signal,
  );
  if (announced !== size) {
    body.destroy();
    throw otherLength(announced, object);
  }
  const part = Buffer.allocUnsafe(end - first);
  let at = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    if (at + piece.length > part.length) throw wrongPart(object, at + piece.length, part.length);
    at += piece.copy(part, at);
  }
  if (at !== part.length) throw wrongPart(object, at, part.length);
  return part;
}

function wrongPart({ bucket }: KnownObject, came: number, asked: number): TransientError {
  return new TransientError({
    reason: 'ObjectReadFailed',
    message: `Of an object in bucket ${JSON.stringify(bucket)}, ${came} bytes came where ${asked} were asked for.`,
    cure: 'Look for what changes answers between here and the store.',
  });
}
