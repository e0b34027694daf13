/**
 * What a rule of the proxy does with a request.
 *
 * An answer of the store is passed on but for what the fault says; `answer`, `reset` without bytes and `silence`
 * never ask the store at all. Bytes are counted from the start of the answer's body.
 */
export type Fault =
  /** An answer of the proxy's own. `code` makes the error document of the request's protocol. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** In place of an error document. */
      readonly body?: string | Buffer;
      /** Elements beside code and message, e.g. `<Region>`. */
      readonly details?: Readonly<Record<string, string>>;
    }
  /** The connection is reset (RST): before anything was answered, or in the body. */
  | { readonly kind: 'reset'; readonly afterBytes?: number; readonly meanwhile?: () => Promise<void> }
  /** The body ends in good order (FIN) after so many bytes, though the headers announce all of them. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The header announces so many bytes more, or fewer, than there are; with fewer, only those are sent. */
  | { readonly kind: 'wrongLength'; readonly by: number }
  /** One byte of the body has all its bits turned. Headers are merged over, e.g. a checksum of the true body. */
  | {
      readonly kind: 'flip';
      readonly at: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The body comes no faster than so. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** The body stops for good, and the connection stays open. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** No answer, and the connection stays open. */
  | { readonly kind: 'silence' }
  /** The whole answer waits. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** After so many bytes the body waits until `meanwhile` is done, then goes on. */
  | { readonly kind: 'pause'; readonly afterBytes: number; readonly meanwhile: () => Promise<void> }
  /** Another answer is made of the store's: its headers are merged over, its body replaced. */
  | {
      readonly kind: 'rewrite';
      readonly headers?: Readonly<Record<string, string>>;
      /** Header names to take away, in lower case. */
      readonly without?: readonly string[];
      readonly body?: (body: Buffer) => Buffer | string;
    }
  /** A page of a listing comes empty, though it says that more follow; it follows under the token that is given. */
  | { readonly kind: 'emptyPage' };

/** 503 as S3 throttles. */
export function slowDown({ retryAfterSeconds }: { readonly retryAfterSeconds?: number } = {}): Fault {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return {
    kind: 'answer',
    status: 503,
    code: 'SlowDown',
    message: 'Please reduce your request rate.',
    headers,
  };
}

export function internalError(): Fault {
  const message = 'We encountered an internal error. Please try again.';
  return { kind: 'answer', status: 500, code: 'InternalError', message };
}

/** 403 with a text of AWS's, or the bare one that other accounts get. */
export function accessDenied(message = 'Access Denied'): Fault {
  return { kind: 'answer', status: 403, code: 'AccessDenied', message };
}

/** As S3 answers when the session of the credentials is over. */
export function expiredToken(): Fault {
  const message = 'The provided token has expired.';
  return { kind: 'answer', status: 400, code: 'ExpiredToken', message };
}

/** As S3 answers a signature that was made for another region. */
export function malformedForRegion(asked: string, right: string): Fault {
  return {
    kind: 'answer',
    status: 400,
    code: 'AuthorizationHeaderMalformed',
    message: `The authorization header is malformed; the region '${asked}' is wrong; expecting '${right}'`,
    headers: { 'x-amz-bucket-region': right },
    details: { Region: right },
  };
}

/** As S3 sends a client to the region of the bucket. */
export function permanentRedirect(right: string): Fault {
  return {
    kind: 'answer',
    status: 301,
    code: 'PermanentRedirect',
    message:
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    headers: { 'x-amz-bucket-region': right },
  };
}

/** As S3 answers when the object is not, or no longer, the one that was asked for. */
export function preconditionFailed(): Fault {
  return {
    kind: 'answer',
    status: 412,
    code: 'PreconditionFailed',
    message: 'At least one of the pre-conditions you specified did not hold',
    details: { Condition: 'If-Match' },
  };
}

/** AWS's long text of a denial. */
export function denialText(denial: {
  readonly principal: string;
  readonly action: string;
  readonly resource?: string;
  /** E.g. `with an explicit deny in a service control policy`. */
  readonly because: string;
}): string {
  const on = denial.resource === undefined ? '' : ` on resource: "${denial.resource}"`;
  return `User: ${denial.principal} is not authorized to perform: ${denial.action}${on} ${denial.because}`;
}

/** Makes another page of a listing: the first object of it twice. */
export function listedTwice(): Fault {
  return {
    kind: 'rewrite',
    body: (xml) => xml.toString().replace(/<Contents>.*?<\/Contents>/s, (entry) => entry + entry),
  };
}

/** The page without its objects, truncated, to be continued under the given token. */
export function emptied(xml: string, continuation: string): string {
  const more = `<IsTruncated>true</IsTruncated><NextContinuationToken>${continuation}</NextContinuationToken>`;
  return xml
    .replaceAll(/<Contents>.*?<\/Contents>/gs, '')
    .replaceAll(/<NextContinuationToken>.*?<\/NextContinuationToken>/gs, '')
    .replace(/<KeyCount>\d+<\/KeyCount>/, '<KeyCount>0</KeyCount>')
    .replace(/<IsTruncated>\w+<\/IsTruncated>/, more);
}
