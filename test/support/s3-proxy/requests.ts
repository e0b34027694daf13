import type { IncomingMessage } from 'node:http';

/** What a client asked of S3, STS or SQS, as far as rules and assertions look at it. */
export interface ProxiedRequest {
  readonly method: string;
  /** As AWS names it, e.g. `GetObject`, `ListObjectsV2`, `AssumeRole`, `ReceiveMessage`. */
  readonly operation: string;
  readonly protocol: 'xml' | 'query' | 'json';
  readonly bucket: string | undefined;
  /** Decoded. */
  readonly key: string | undefined;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Of a request in path style; `body` is its whole body. */
export function describeRequest(incoming: IncomingMessage, body: Buffer): ProxiedRequest {
  const method = incoming.method ?? 'GET';
  const url = new URL(incoming.url ?? '/', 'http://proxy');
  const common = { method, query: url.searchParams, headers: incoming.headers, at: Date.now() };
  const target = incoming.headers['x-amz-target'];
  if (typeof target === 'string') {
    const operation = target.slice(target.lastIndexOf('.') + 1);
    return { ...common, operation, protocol: 'json', bucket: undefined, key: undefined };
  }
  if (incoming.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
    const operation = new URLSearchParams(body.toString()).get('Action') ?? 'Unknown';
    return { ...common, operation, protocol: 'query', bucket: undefined, key: undefined };
  }
  // Without normalising: a key may hold dots and slashes in any order.
  const [path = ''] = (incoming.url ?? '/').split('?');
  const [, bucket = '', rest = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
  const key = rest === '' ? undefined : decodeURIComponent(rest);
  const operation = operationOf(method, key !== undefined, url.searchParams);
  return {
    ...common,
    operation,
    protocol: 'xml',
    bucket: bucket === '' ? undefined : decodeURIComponent(bucket),
    key,
  };
}

const subresources: Readonly<Record<string, string>> = {
  location: 'BucketLocation',
  notification: 'BucketNotificationConfiguration',
  policy: 'BucketPolicy',
  versioning: 'BucketVersioning',
  versions: 'ObjectVersions',
  uploads: 'MultipartUploads',
};

function operationOf(method: string, ofObject: boolean, query: URLSearchParams): string {
  const verb = { GET: 'Get', HEAD: 'Head', PUT: 'Put', DELETE: 'Delete', POST: 'Post' }[method] ?? method;
  const subresource = Object.keys(subresources).find((name) => query.has(name));
  if (subresource !== undefined) return `${verb}${subresources[subresource]}`;
  if (ofObject) return query.has('uploadId') ? `${verb}Part` : `${verb}Object`;
  if (method === 'GET' && query.has('list-type')) return 'ListObjectsV2';
  return `${verb}Bucket`;
}
