import type { Readable } from 'node:stream';

/** What a listing says of one object. */
export interface ListedObject {
  /** Exact, whatever characters it holds. */
  readonly key: string;
  /** Without its quotation marks, as S3 notifications write it. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  /** `STANDARD` where the store says nothing. */
  readonly storageClass: string;
  /** It is archived, and a copy that was restored can be read for now. */
  readonly restored: boolean;
}

export interface ListRequest {
  readonly bucket: string;
  /** Empty: the whole bucket. */
  readonly prefix: string;
  /** Only keys after this one, in the order of their UTF-8 bytes. */
  readonly startAfter?: string | undefined;
  /** At most 1000, which is also the default. */
  readonly maxKeys?: number | undefined;
}

/** One page of a listing, in the order of the keys' UTF-8 bytes. */
export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  readonly truncated: boolean;
  /** The `startAfter` of the next page, good after a restart too; undefined on the last page. */
  readonly nextStartAfter: string | undefined;
}

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
  /** Pins the answer to this content: another one fails as `ObjectChangedDuringRead`. */
  readonly etag?: string | undefined;
  readonly versionId?: string | undefined;
  /** What of the key a message may name, to say what must be allowed. */
  readonly prefix?: string | undefined;
}

/** Byte positions, both included; without `last`, to the end. */
export interface ByteRange {
  readonly first: number;
  readonly last?: number | undefined;
}

export interface OpenRequest extends ObjectAddress {
  readonly range?: ByteRange | undefined;
}

export interface ObjectHead {
  /** Without its quotation marks. */
  readonly etag: string;
  /** Bytes of the whole object, also where a range was asked for. */
  readonly size: number;
  readonly contentEncoding: string | undefined;
  readonly contentType: string | undefined;
  readonly versionId: string | undefined;
  readonly lastModified: number;
  readonly storageClass: string;
}

export interface OpenedObject extends ObjectHead {
  /**
   * The stored bytes, never unzipped on the way. The caller reads it to its end or destroys it
   * (leaving a `for await` early does); else the connection stays taken.
   * Errors are of ours: a body that stalls or ends short is a `TransientError`.
   */
  readonly body: Readable;
}

/** Read access to one S3 store with one identity. Every failure is a `TerminalError` or a `TransientError`. */
export interface ObjectStore {
  listPage(request: ListRequest, signal: AbortSignal): Promise<ObjectPage>;
  head(address: ObjectAddress, signal: AbortSignal): Promise<ObjectHead>;
  open(request: OpenRequest, signal: AbortSignal): Promise<OpenedObject>;
  /** Gives the connections back. Bodies that are still open break. */
  close(): void;
}
