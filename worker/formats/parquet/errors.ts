import { TerminalError } from '../../../lib/errors.ts';

/** The file contradicts the definition of Parquet, or itself. `what` is a sentence without its end. */
export function corrupt(what: string): TerminalError {
  return new TerminalError({
    reason: 'CorruptParquet',
    message: `The Parquet file is damaged: ${what}.`,
    cure: 'Write the file anew, and upload it under a new key.',
  });
}

/** The file is sound, and uses what is not read. `what` is a sentence without its end. */
export function notSupported(what: string, cure: string): TerminalError {
  return new TerminalError({
    reason: 'ParquetNotSupported',
    message: `The Parquet file cannot be read: ${what}.`,
    cure,
  });
}

/** Keys are never given to a worker, so what is encrypted stays so. */
export function encrypted(which: string): TerminalError {
  return new TerminalError({
    reason: 'ParquetEncrypted',
    message: `The Parquet file is encrypted: ${which}.`,
    cure: "Write it without Parquet's own encryption, and let S3 encrypt the object.",
  });
}
