import { addAbortSignal, finished, Transform, type Readable } from 'node:stream';
import { TransientError } from '../errors.ts';

export interface BodyExpectation {
  /** Bytes that the store announced; undefined where it did not. */
  readonly length: number | undefined;
  /** So long without a byte, while bytes are wanted, is a stall. */
  readonly stallMs: number;
  /** For messages: names the bucket, not the key. */
  readonly subject: string;
  /** Told of bytes that have come. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** Bytes kept ready for the reader. */
const highWaterMark = 256 * 1024;

/**
 * The body of an answer, watched: one that stalls, breaks or ends before its announced length is a `TransientError`
 * `ObjectReadFailed`, never a shorter file; one that is not what its checksum says is an `ObjectChecksumMismatch`, told
 * behind its last byte. Destroying it gives the connection back.
 */
export function watchBody(body: Readable, expected: BodyExpectation, signal: AbortSignal): Readable {
  let received = 0;
  const failed = (what: string, cause?: unknown) =>
    new TransientError({
      reason: 'ObjectReadFailed',
      message: `Reading ${expected.subject} ${what}.`,
      cause,
    });
  const watched = new Transform({
    highWaterMark,
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      expected.onBytes?.(chunk.length);
      stall.refresh();
      done(null, chunk);
    },
    flush(done) {
      const short = expected.length !== undefined && received < expected.length;
      done(short ? failed(`ended after ${received} of ${expected.length} bytes`) : null);
    },
    destroy(error, done) {
      clearTimeout(stall);
      body.destroy();
      done(error);
    },
  });
  // A reader that is slow to take what is there is not a store that is slow to send it.
  const stall = setTimeout(() => {
    if (watched.readableLength > 0 || watched.writableLength > 0) stall.refresh();
    else watched.destroy(failed(`stalled: no byte came for ${expected.stallMs / 1000} seconds`));
  }, expected.stallMs).unref();
  finished(body, (error) => {
    if (error)
      watched.destroy(isChecksumMismatch(error) ? damaged(expected, error) : failed('broke off', error));
  });
  body.pipe(watched);
  return addAbortSignal(signal, watched);
}

/** The SDK, which compares, has no name for this error. */
function isChecksumMismatch({ message }: Error): boolean {
  return message.startsWith('Checksum mismatch');
}

function damaged({ subject }: BodyExpectation, cause: Error): TransientError {
  return new TransientError({
    reason: 'ObjectChecksumMismatch',
    message: `What was read of ${subject} is not what its checksum is of: bytes were changed where it lies or on the way.`,
    cure: 'If it stays so, upload it again under a new key.',
    cause,
  });
}
