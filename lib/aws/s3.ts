import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  type GetObjectCommandOutput,
  type HeadObjectCommandOutput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { clientSettings, defaultAnswerMs, sourceOf, type ClientOptions } from './client-settings.ts';
import type { CredentialSource } from './credentials.ts';
import { reasonOf, TransientError } from '../errors.ts';
import { fromAwsError } from './errors.ts';
import type {
  ByteRange,
  ListedObject,
  ListRequest,
  ObjectAddress,
  ObjectHead,
  ObjectPage,
  ObjectStore,
  OpenedObject,
  OpenRequest,
} from './object-store.ts';
import { observeRequests, type RequestObserver } from './request-observer.ts';
import { watchBody } from './watched-body.ts';
import { withDeadline } from './with-deadline.ts';

export interface S3Options extends ClientOptions {
  /** Buckets as the first part of the path, not as a name in the DNS. */
  readonly forcePathStyle?: boolean | undefined;
  /** So long without a byte of a body is a stall. Default: a minute. */
  readonly stallMs?: number | undefined;
  /** Told of every request. */
  readonly observer?: RequestObserver | undefined;
}

const defaultStallMs = 60_000;

/** Opens nothing yet: the first call does. A bucket in another region is an error, and not followed there. */
export function openS3(options: S3Options): ObjectStore {
  const credentials = sourceOf(options.credentials);
  const client = new S3Client({
    ...clientSettings({ ...options, credentials }),
    forcePathStyle: options.forcePathStyle ?? false,
    followRegionRedirects: false,
    // The ARN of an access point says where it is.
    useArnRegion: true,
  });
  const { observer } = options;
  if (observer !== undefined) observeRequests(client, observer, () => performance.now());
  return new S3ObjectStore(client, options, credentials);
}

class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #options: S3Options;
  readonly #credentials: CredentialSource;

  constructor(client: S3Client, options: S3Options, credentials: CredentialSource) {
    this.#client = client;
    this.#options = options;
    this.#credentials = credentials;
  }

  async listPage(request: ListRequest, signal: AbortSignal): Promise<ObjectPage> {
    const { bucket, prefix } = request;
    return this.#call({ action: 's3:ListBucket', bucket, prefix }, signal, async () => {
      let answer = await this.#list(request, undefined, signal);
      // A page may be empty though more follow; there is no key then from which a restart could go on.
      let token: string | undefined;
      while (answer.IsTruncated === true && (answer.Contents ?? []).length === 0) {
        if (answer.NextContinuationToken === token) throw endlessListing(bucket);
        token = answer.NextContinuationToken;
        answer = await this.#list(request, token, signal);
      }
      return pageOf(answer);
    });
  }

  async head(address: ObjectAddress, signal: AbortSignal): Promise<ObjectHead> {
    try {
      const answer = await withDeadline(this.#answerMs, signal, (abortSignal) =>
        this.#client.send(new HeadObjectCommand(addressed(address)), { abortSignal }),
      );
      return headOf(answer, answer.ContentLength ?? 0);
    } catch {
      // What refuses a HEAD has no body to say why: the same question as a GET has.
      signal.throwIfAborted();
      const { body, ...head } = await this.open(address, signal);
      body.destroy();
      return head;
    }
  }

  async open(request: OpenRequest, signal: AbortSignal): Promise<OpenedObject> {
    const { bucket, versionId, range, prefix } = request;
    const action = versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
    return this.#call({ action, bucket, prefix }, signal, async () => {
      // A checksum is of the whole object. Stores without checksums pass the question over.
      const checksum = range === undefined ? ({ ChecksumMode: 'ENABLED' } as const) : {};
      const input = { ...addressed(request), Range: range && formatRange(range), ...checksum };
      const answer = await this.#client.send(new GetObjectCommand(input), { abortSignal: signal });
      const length = answer.ContentLength;
      const expected = {
        length,
        stallMs: this.#options.stallMs ?? defaultStallMs,
        subject: `the object in bucket ${JSON.stringify(bucket)}`,
        onBytes: this.#options.observer?.received,
      };
      const body = watchBody(answer.Body as Readable, expected, signal);
      return { ...headOf(answer, sizeOf(answer)), body };
    });
  }

  close(): void {
    this.#client.destroy();
  }

  #list(
    { bucket, prefix, startAfter, maxKeys }: ListRequest,
    continuation: string | undefined,
    signal: AbortSignal,
  ): Promise<ListObjectsV2CommandOutput> {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      StartAfter: continuation === undefined ? startAfter : undefined,
      ContinuationToken: continuation,
      MaxKeys: maxKeys,
      // XML cannot hold every character that a key can.
      EncodingType: 'url',
      // An archived object that was restored keeps its class.
      OptionalObjectAttributes: ['RestoreStatus'],
    });
    return withDeadline(this.#answerMs, signal, (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  get #answerMs(): number {
    return this.#options.answerMs ?? defaultAnswerMs;
  }

  async #call<T>(
    asked: { readonly action: string; readonly bucket: string; readonly prefix?: string | undefined },
    signal: AbortSignal,
    call: () => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#asOurs(asked, signal, call);
    } catch (error) {
      // A session may be ended from outside before its time; one that can be renewed is, once.
      if (reasonOf(error) !== 'CredentialsExpired' || !this.#credentials.forget()) throw error;
      return await this.#asOurs(asked, signal, call);
    }
  }

  async #asOurs<T>(
    asked: { readonly action: string; readonly bucket: string; readonly prefix?: string | undefined },
    signal: AbortSignal,
    call: () => Promise<T>,
  ): Promise<T> {
    try {
      await this.#credentials.get(signal);
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      const { region, endpoint } = this.#options;
      throw fromAwsError(error, { ...asked, region, endpoint });
    }
  }
}

/** A page without keys that says that more follow, and leads to itself or nowhere. */
function endlessListing(bucket: string): TransientError {
  return new TransientError({
    reason: 'StorageUnavailable',
    message: `The listing of bucket ${JSON.stringify(bucket)} says that more keys follow, and gives none. If it does not pass, look at the health of the store.`,
  });
}

function addressed({ bucket, key, etag, versionId }: ObjectAddress) {
  return {
    Bucket: bucket,
    Key: key,
    IfMatch: etag === undefined ? undefined : `"${etag}"`,
    VersionId: versionId,
  };
}

function formatRange({ first, last }: ByteRange): string {
  return `bytes=${first}-${last ?? ''}`;
}

function headOf(answer: GetObjectCommandOutput | HeadObjectCommandOutput, size: number): ObjectHead {
  return {
    etag: unquote(answer.ETag),
    size,
    contentEncoding: answer.ContentEncoding,
    contentType: answer.ContentType,
    versionId: answer.VersionId,
    lastModified: answer.LastModified?.getTime() ?? 0,
    storageClass: answer.StorageClass ?? 'STANDARD',
  };
}

/** Of a range, the whole object's size stands behind the slash of `bytes 0-9/100`. */
function sizeOf({ ContentRange, ContentLength }: GetObjectCommandOutput): number {
  const whole = ContentRange === undefined ? undefined : /\/(\d+)$/.exec(ContentRange)?.[1];
  return whole === undefined ? (ContentLength ?? 0) : Number(whole);
}

function pageOf(answer: ListObjectsV2CommandOutput): ObjectPage {
  const decode = answer.EncodingType === 'url' ? decodeKey : (key: string) => key;
  const objects = (answer.Contents ?? []).map((entry): ListedObject => ({
    key: decode(entry.Key ?? ''),
    etag: unquote(entry.ETag),
    size: entry.Size ?? 0,
    lastModified: entry.LastModified?.getTime() ?? 0,
    storageClass: entry.StorageClass ?? 'STANDARD',
    restored: entry.RestoreStatus?.RestoreExpiryDate !== undefined,
  }));
  const truncated = answer.IsTruncated === true;
  return { objects, truncated, nextStartAfter: truncated ? objects.at(-1)?.key : undefined };
}

/** S3 writes a space as `+`, others as `%20`. */
function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}

function unquote(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}
