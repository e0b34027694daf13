import { open, readFile, type FileHandle } from 'node:fs/promises';
import { TerminalError } from '../lib/errors.ts';
import type { RandomAccessFile } from '../worker/formats/format.ts';
import { accessOf, type StoredFile } from '../worker/formats/read-records.ts';
import { UsageError, type CommandDeps, type CommandIo } from './command.ts';
import type { AwsEnvironment } from './config.ts';
import { openObjectFile } from './open-object.ts';

export interface S3Address {
  readonly bucket: string;
  readonly key: string;
}

export interface OpenedFile {
  readonly file: StoredFile | RandomAccessFile;
  /** Gives back what the file was read through. */
  close(): void;
}

/** `s3://BUCKET/KEY`, the key as it is, whatever characters it holds; undefined: the path of a file. */
export function parseS3Address(text: string): S3Address | undefined {
  if (!/^s3:/i.test(text)) return undefined;
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/is.exec(text) ?? [];
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw new UsageError(`${JSON.stringify(text)} names no object; write s3://BUCKET/KEY`);
}

/** Opens a file of this machine, an object in S3, or with `-` the standard input, as files of the format are read. */
export async function openFile(
  { name, format }: { readonly name: string; readonly format: string },
  io: CommandIo,
  deps: CommandDeps,
): Promise<OpenedFile> {
  if (name === '-') return { file: { body: io.stdin }, close: () => {} };
  const address = parseS3Address(name);
  return address === undefined
    ? openLocal(name, format, deps.signal)
    : openObject({ ...address, format }, deps.config.aws, deps.signal);
}

async function openLocal(path: string, format: string, signal: AbortSignal): Promise<OpenedFile> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw new UsageError(`${path} is a folder; name one file in it`);
  }
  if (accessOf(format) === 'random') return openParts(file);
  const highWaterMark = 256 * 1024;
  return { file: { body: file.createReadStream({ highWaterMark, signal }) }, close: () => {} };
}

async function openParts(handle: FileHandle): Promise<OpenedFile> {
  const { size } = await handle.stat();
  const read = async (first: number, end: number): Promise<Buffer> => {
    const part = Buffer.alloc(end - first);
    const { bytesRead } = await handle.read(part, 0, part.length, first);
    return part.subarray(0, bytesRead);
  };
  return { file: { size, read }, close: () => void handle.close() };
}

/** The SDK takes a while to load, and most files are not in S3. */
async function openObject(
  object: S3Address & { readonly format: string },
  aws: AwsEnvironment,
  signal: AbortSignal,
): Promise<OpenedFile> {
  const { accessKeyId, secretAccessKey, sessionToken, region, endpoint, caBundle } = aws;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new UsageError(
      'reading from S3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment',
    );
  }
  if (region === undefined) throw new UsageError("reading from S3 needs AWS_REGION, the bucket's region");
  const { openS3 } = await import('../lib/aws/s3.ts');
  const store = openS3({
    region,
    endpoint,
    // Stores with an endpoint of their own mostly have no names in the DNS for their buckets.
    forcePathStyle: endpoint !== undefined,
    caPem: caBundle === undefined ? undefined : await readText(caBundle),
    credentials: { accessKeyId, secretAccessKey, sessionToken },
  });
  try {
    const { file } = await openObjectFile(store, object, signal);
    return { file, close: () => store.close() };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** A small file of this machine as a whole. */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'its permissions do not allow it',
  EISDIR: 'it is a folder',
};

function unreadable(path: string, error: unknown): TerminalError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const message = `${path} cannot be read: ${causes[code] ?? code}.`;
  return new TerminalError({ reason: 'FileUnreadable', message, cause: error });
}
