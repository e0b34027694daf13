import { open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { TerminalError } from '../lib/errors.ts';
import type { StoredFile } from '../worker/formats/read-records.ts';
import { UsageError, type CommandDeps, type CommandIo } from './command.ts';
import type { AwsEnvironment } from './config.ts';

export interface S3Address {
  readonly bucket: string;
  readonly key: string;
}

export interface OpenedFile extends StoredFile {
  readonly body: Readable;
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

/** Opens a file of this machine, an object in S3, or with `-` the standard input. */
export async function openFile(name: string, io: CommandIo, deps: CommandDeps): Promise<OpenedFile> {
  if (name === '-') return { body: io.stdin, close: () => {} };
  const address = parseS3Address(name);
  return address === undefined
    ? openLocal(name, deps.signal)
    : openObject(address, deps.config.aws, deps.signal);
}

async function openLocal(path: string, signal: AbortSignal): Promise<OpenedFile> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw new UsageError(`${path} is a folder; name one file in it`);
  }
  const highWaterMark = 256 * 1024;
  return { body: file.createReadStream({ highWaterMark, signal }), close: () => {} };
}

/** The SDK takes a while to load, and most files are not in S3. */
async function openObject(
  { bucket, key }: S3Address,
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
    const { body, contentEncoding } = await store.open({ bucket, key }, signal);
    return { body, contentEncoding, close: () => store.close() };
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
