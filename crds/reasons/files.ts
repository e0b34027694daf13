import { onSource, type ReasonEntry } from './entry.ts';

/** Why one file could not be imported. They never stop the other files of a source. */
export const fileReasons = {
  ObjectNotFound: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The object was deleted after it was found and before it was read.',
    cure: 'Upload it again, under the same or another key, if its events are wanted.',
  },
  ObjectChangedDuringRead: {
    on: ['File'],
    kinds: onSource,
    class: 'T',
    summary: 'The object was overwritten after it was found; the two versions are never mixed.',
    cure: 'Write files once, under a key of their own, and leave them.',
  },
  ObjectArchived: {
    on: ['File', 'Degraded'],
    kinds: onSource,
    class: 'P',
    summary: 'The object is in an archive class (Glacier) and cannot be read.',
    cure: 'Restore the object, which is then found by itself, or exempt the prefix from the lifecycle rule.',
  },
  ObjectReadFailed: {
    on: ['File'],
    kinds: onSource,
    class: 'T',
    summary: 'The connection broke while the object was read.',
    cure: 'Nothing, if it passes: the file is tried again.',
  },
  ObjectChecksumMismatch: {
    on: ['File'],
    kinds: onSource,
    class: 'T',
    summary: 'The bytes that arrived are not those that the object’s checksum is of.',
    cure: 'Nothing, if it passes: the file is read again from its beginning. If it stays, the stored object is damaged, or something between changes it: upload it again under a new key.',
  },
  AttemptsExhausted: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary:
      'The file was tried as often as spec.errors.maxAttempts allows, and a worker was lost each time.',
    cure: 'Look at the workers’ logs: a file that ends its worker mostly needs more memory.',
  },
  QuarantineThresholdExceeded: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary:
      'More of the file’s rows were rejected than spec.errors.maxRejectShare allows; nothing of it was stored.',
    cure: 'Look at its rejects with `millrace rejects`, mend the rows and upload the file under a new key; or raise spec.errors.maxRejectShare.',
  },
  CompressionMismatch: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The file is not compressed as spec.files.compression says.',
    cure: 'Set spec.files.compression to what the message names, or to Auto.',
  },
  TruncatedGzip: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The gzip stream ends in the middle.',
    cure: 'Upload the whole file under a new key; its writer or its upload was cut off.',
  },
  CorruptGzip: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The gzip stream is damaged: a header, a block or the checksum is wrong.',
    cure: 'Write the file anew, and upload it under a new key.',
  },
  TrailingGarbage: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'Bytes that are no gzip follow the end of the gzip stream.',
    cure: 'Find out what appends to the file; upload it again without those bytes.',
  },
  FileUnreadable: {
    on: ['Command'],
    kinds: [],
    class: 'P',
    summary: 'A command of millrace cannot read a file of the machine that it runs on.',
    cure: 'Correct the path, or the rights of the file.',
  },
  FormatMismatch: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The file is not of the format that spec.files.format says.',
    cure: 'Set spec.files.format to what the message names, or exclude the file by spec.files.pattern.',
  },
  DecompressionLimitExceeded: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'Decompressed, the file is larger than a file may be, or suspiciously larger than it was.',
    cure: 'Split the file, or upload it uncompressed, under a new key.',
  },
  EncodingInvalid: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The file is in an encoding that cannot be read.',
    cure: 'Write the file in UTF-8, or in UTF-16 with a byte order mark.',
  },
  CorruptParquet: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary:
      'The Parquet file is damaged or cut off: its footer is missing, or a page or its checksum is wrong.',
    cure: 'Write the file anew, and upload the whole of it under a new key.',
  },
  ParquetEncrypted: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The Parquet file, or a column of it, is encrypted by Parquet itself.',
    cure: 'Write it without Parquet’s own encryption, and let S3 encrypt the object.',
  },
  ParquetNotSupported: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The Parquet file uses a compression, an encoding or a layout that is not read.',
    cure: 'Write the file as the message says, and upload it under a new key.',
  },
  ParquetPagesTooLarge: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary:
      'The pages of the Parquet file that must be open at a time take more than spec.files.parquet.maxPageMemory.',
    cure: 'Raise spec.files.parquet.maxPageMemory, and the memory of spec.workers.resources by as much; or write the file with smaller pages.',
  },
  HeaderInvalid: {
    on: ['File'],
    kinds: onSource,
    class: 'P',
    summary: 'The header row of a CSV file is missing, is cut off, or names a column twice.',
    cure: 'Correct the file, or name the columns in spec.files.csv.columns with header: false.',
  },
} as const satisfies Record<string, ReasonEntry>;
