import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { callerIdentity } from '../../../lib/aws/sts.ts';
import type { ObjectStore } from '../../../lib/aws/object-store.ts';
import { openS3, type S3Options } from '../../../lib/aws/s3.ts';
import { reasonOf, TransientError } from '../../../lib/errors.ts';
import { createCertificateAuthority } from '../../support/control-plane/certificates.ts';

const signal = AbortSignal.timeout(120_000);
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const xml = { 'content-type': 'application/xml' };

/** Runs `work` against a server that answers as told, over TLS where it is given a certificate. */
async function withServer(
  answer: RequestListener,
  work: (endpoint: string) => Promise<void>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<void> {
  const server: Server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await work(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function withStore(
  answer: RequestListener,
  work: (store: ObjectStore) => Promise<void>,
  changes: Partial<S3Options> = {},
): Promise<void> {
  await withServer(answer, async (endpoint) => {
    const store = openS3({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials, ...changes });
    try {
      await work(store);
    } finally {
      store.close();
    }
  });
}

async function read(store: ObjectStore): Promise<string> {
  const { body } = await store.open({ bucket: 'b', key: 'k' }, signal);
  return Buffer.concat((await body.toArray()) as Buffer[]).toString();
}

function listing(keys: readonly string[], continuation: string | undefined): string {
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><ETag>"e"</ETag><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`,
  );
  const more =
    continuation === undefined
      ? '<IsTruncated>false</IsTruncated>'
      : `<IsTruncated>true</IsTruncated><NextContinuationToken>${continuation}</NextContinuationToken>`;
  return `<ListBucketResult><EncodingType>url</EncodingType>${more}${contents.join('')}</ListBucketResult>`;
}

describe('answers of S3 that no good server gives', () => {
  it('a body that ends before its announced length is told, not read as a shorter file', async () => {
    const answer: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': '10', etag: '"e"' });
      response.write('12345', () => response.destroy());
    };
    await withStore(answer, async (store) => {
      await assert.rejects(read(store), (error) => reasonOf(error) === 'ObjectReadFailed');
    });
  });

  it('a body that stalls is given up after the time that is waited', async () => {
    const answer: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': '10', etag: '"e"' });
      response.write('12345');
    };
    const check = async (store: ObjectStore): Promise<void> => {
      await assert.rejects(read(store), /stalled: no byte came for 0\.3 seconds/);
    };
    await withStore(answer, check, { stallMs: 300 });
  });

  it('an empty object has an empty body', async () => {
    const answer: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': '0', etag: '"e"' });
      response.end();
    };
    await withStore(answer, async (store) => {
      assert.equal(await read(store), '');
    });
  });

  it('a listing and an identity that stop half-way are given up after the time that is waited', async () => {
    const answer: RequestListener = (_, response) => {
      response.writeHead(200, xml);
      response.write('<ListBucketResult>');
    };
    await withServer(answer, async (endpoint) => {
      const options = { region: 'us-east-1', endpoint, credentials, answerMs: 500 };
      const store = openS3({ ...options, forcePathStyle: true });
      const page = store.listPage({ bucket: 'b', prefix: '' }, signal);
      await assert.rejects(page, (error) => reasonOf(error) === 'ConnectionTimeout');
      const identity = callerIdentity(options, signal);
      await assert.rejects(identity, (error) => reasonOf(error) === 'ConnectionTimeout');
      store.close();
    });
  });

  it('throttling is met by three tries in all, then told as such', async () => {
    let requests = 0;
    const answer: RequestListener = (_, response) => {
      requests += 1;
      response.writeHead(503, xml);
      response.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
    };
    await withStore(answer, async (store) => {
      const page = store.listPage({ bucket: 'b', prefix: '' }, signal);
      await assert.rejects(page, (error) => error instanceof TransientError && error.reason === 'Throttled');
      assert.equal(requests, 3);
    });
  });

  it('a store that recovers between the tries is not told as failing', async () => {
    let requests = 0;
    const answer: RequestListener = (_, response) => {
      requests += 1;
      response.writeHead(requests === 1 ? 500 : 200, xml);
      response.end(requests === 1 ? '<Error><Code>InternalError</Code></Error>' : listing(['a'], undefined));
    };
    await withStore(answer, async (store) => {
      const page = await store.listPage({ bucket: 'b', prefix: '' }, signal);
      assert.deepEqual(
        page.objects.map(({ key }) => key),
        ['a'],
      );
    });
  });

  it('a page that is empty though more follow is followed to the next key', async () => {
    const asked: string[] = [];
    const answer: RequestListener = (request, response) => {
      const query = new URL(request.url ?? '', 'http://s3').searchParams;
      asked.push(query.get('continuation-token') ?? `after ${query.get('start-after')}`);
      response.writeHead(200, xml);
      const token = query.get('continuation-token');
      response.end(
        token === 'two' ? listing(['c+d%2Be'], 'three') : listing([], token === null ? 'one' : 'two'),
      );
    };
    await withStore(answer, async (store) => {
      const page = await store.listPage({ bucket: 'b', prefix: '', startAfter: 'b' }, signal);
      assert.deepEqual(
        page.objects.map(({ key }) => key),
        ['c d+e'],
      );
      assert.deepEqual([page.truncated, page.nextStartAfter], [true, 'c d+e']);
      assert.deepEqual(asked, ['after b', 'one', 'two']);
    });
  });

  it('what is no S3 store is told as an endpoint to check', async () => {
    const answer: RequestListener = (_, response) => {
      response.writeHead(404, { 'content-type': 'text/html' });
      response.end('<html><body>Not here</body></html>');
    };
    await withStore(answer, async (store) => {
      const page = store.listPage({ bucket: 'b', prefix: '' }, signal);
      await assert.rejects(page, /Check that the endpoint is that of an S3 store/);
    });
  });

  it('a certificate is refused until its authority is trusted', async () => {
    const authority = createCertificateAuthority('millrace test');
    const names = ['127.0.0.1'];
    const { certificate, privateKey } = authority.issue({ commonName: 's3', use: { kind: 'server', names } });
    const answer: RequestListener = (_, response) => {
      response.writeHead(200, xml);
      response.end(listing(['a'], undefined));
    };
    const list = async (endpoint: string, caPem?: string) => {
      const store = openS3({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials, caPem });
      try {
        return await store.listPage({ bucket: 'b', prefix: '' }, signal);
      } finally {
        store.close();
      }
    };
    const check = async (endpoint: string): Promise<void> => {
      await assert.rejects(list(endpoint), (error) => reasonOf(error) === 'TLSVerificationFailed');
      assert.equal((await list(endpoint, authority.certificate)).objects.length, 1);
    };
    await withServer(answer, check, { key: privateKey, cert: certificate });
  });

  it('a page without keys that leads to itself, or nowhere, is told and not asked for again and again', async () => {
    for (const continuation of ['same', '']) {
      let requests = 0;
      const answer: RequestListener = (_, response) => {
        requests += 1;
        const page = listing([], continuation).replace('<NextContinuationToken></NextContinuationToken>', '');
        response.writeHead(200, xml).end(page);
      };
      await withStore(answer, async (store) => {
        const page = store.listPage({ bucket: 'b', prefix: '' }, signal);
        await assert.rejects(page, (error) => reasonOf(error) === 'StorageUnavailable');
      });
      assert.ok(requests <= 2);
    }
  });
});
