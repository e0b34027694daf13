import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A bucket of very many keys, of which an S3 store in a test could not be filled in time: it is listed and one byte of
 * each object can be read, whoever asks. Answers as STS too.
 */
export interface ListedBucket {
  readonly endpoint: string;
  readonly keys: readonly string[];
  /** Pages listed so far, of all prefixes. */
  readonly pages: number;
  /** Before each page, so that a listing takes its time. */
  delayMs: number;
  stop(): Promise<void>;
}

/** @param keys in the order of their bytes */
export async function startListedBucket(keys: readonly string[]): Promise<ListedBucket> {
  const bucket = { keys, pages: 0, delayMs: 0 };
  const server = createServer((request, response) => {
    void answer(request, bucket).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/xml', ...objectHeaders });
      response.end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return Object.assign(bucket, {
    endpoint: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

const objectHeaders = {
  etag: '"0123456789abcdef0123456789abcdef"',
  'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  'content-range': 'bytes 0-0/1000000',
};

const identity =
  '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
  '<Arn>arn:aws:iam::123456789012:user/test</Arn><UserId>AIDATEST</UserId><Account>123456789012</Account>' +
  '</GetCallerIdentityResult></GetCallerIdentityResponse>';

interface Listed {
  readonly keys: readonly string[];
  pages: number;
  delayMs: number;
}

async function answer(request: IncomingMessage, bucket: Listed): Promise<{ status: number; body: string }> {
  for await (const _ of request);
  if (request.method === 'POST') return { status: 200, body: identity };
  const url = new URL(request.url ?? '', 'http://bucket');
  if (!url.searchParams.has('list-type')) return { status: 206, body: '{' };
  bucket.pages += 1;
  await sleep(bucket.delayMs);
  return { status: 200, body: listPage(bucket.keys, url.searchParams) };
}

function listPage(keys: readonly string[], asked: URLSearchParams): string {
  const prefix = asked.get('prefix') ?? '';
  const after = asked.get('start-after') ?? '';
  const limit = Number(asked.get('max-keys') ?? 1000);
  const from = firstBehind(keys, after);
  const page = keys.slice(from, from + limit).filter((key) => key.startsWith(prefix));
  const truncated = from + limit < keys.length;
  const contents = page.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>` +
      `<ETag>${objectHeaders.etag.replaceAll('"', '&quot;')}</ETag><Size>1000000</Size></Contents>`,
  );
  return (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<IsTruncated>${truncated}</IsTruncated><KeyCount>${page.length}</KeyCount>${contents.join('')}</ListBucketResult>`
  );
}

function firstBehind(keys: readonly string[], after: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
