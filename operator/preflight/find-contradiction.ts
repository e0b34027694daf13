import type { S3ImportSourceFiles } from '../../crds/generated/s3-import-source.ts';
import type { DocumentSettings } from '../../lib/converter/converter.ts';

/** What an Amplitude document calls a format that we have. */
const formatOf: Readonly<Record<string, string>> = { json: 'JSONLines', csv: 'CSV', parquet: 'Parquet' };
const compressionOf: Readonly<Record<string, string>> = { none: 'None', gzip: 'Gzip' };

/**
 * What is wrong with how a source reads its files, beyond what the API server can see; undefined: nothing.
 * `document`: what the converter's document says of the same, if the source has one.
 */
export function findContradiction(
  files: S3ImportSourceFiles,
  document: DocumentSettings | undefined,
): string | undefined {
  return repeatedColumn(files) ?? (document && otherThanDocument(files, document));
}

function repeatedColumn({ csv }: S3ImportSourceFiles): string | undefined {
  const columns = csv?.columns ?? [];
  const repeated = columns.find((name, index) => columns.indexOf(name) < index);
  return repeated === undefined
    ? undefined
    : `spec.files.csv.columns names ${JSON.stringify(repeated)} more than once: a record has one field of a name.`;
}

function otherThanDocument(
  { format, compression }: S3ImportSourceFiles,
  { fileType, compressionType }: DocumentSettings,
): string | undefined {
  if (fileType !== undefined && formatOf[fileType] !== format) {
    return (
      `The converter's document is for files of the type ${fileType}, and spec.files.format is ${format}. ` +
      'Correct one of the two.'
    );
  }
  const auto = compression === 'Auto' || compressionType === undefined;
  if (auto || compressionOf[compressionType] === compression) return undefined;
  return (
    `The converter's document has the compression ${compressionType}, and spec.files.compression is ${compression}. ` +
    'Correct one of the two, or set spec.files.compression to Auto.'
  );
}
