import assert from 'node:assert/strict';
import { request, type IncomingHttpHeaders } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { callerIdentity } from '../../../lib/aws/sts.ts';
import type { ObjectStore } from '../../../lib/aws/object-store.ts';
import { openS3, type S3Options } from '../../../lib/aws/s3.ts';
import { reasonOf } from '../../../lib/errors.ts';
import {
  readStatements,
  startMiniStack,
  testRegion,
  type MiniStack,
  type TestBucket,
  type TestUser,
} from '../../support/ministack.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import { startS3Proxy, type S3Proxy } from '../../support/s3-proxy.ts';
import {
  accessDenied,
  expiredToken,
  listedTwice,
  malformedForRegion,
  permanentRedirect,
  preconditionFailed,
  slowDown,
  type Fault,
} from '../../support/s3-proxy/faults.ts';

const signal = AbortSignal.timeout(300_000);
const content = Buffer.from(Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join(''));
const key = 'a b+c%2F;ü/.././k.json';

/** What came of a plain GET, as far as it came. */
interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly broken: boolean;
}

describe('the proxy that spoils the answers of S3', { skip: await reasonToSkipMiniStack() }, () => {
  let s3: MiniStack;
  let proxy: S3Proxy;
  let bucket: TestBucket;
  let user: TestUser;

  before(async () => {
    s3 = await startMiniStack();
    proxy = await startS3Proxy(s3.endpoint);
    bucket = await s3.createBucket();
    user = await s3.createUser(readStatements(bucket.name));
    await bucket.put(key, content);
    await bucket.put('second', 'x');
  });

  after(async () => {
    await proxy?.stop();
    await s3?.stop();
  });

  afterEach(() => proxy.reset());

  async function withStore<T>(
    work: (store: ObjectStore) => Promise<T>,
    changes: Partial<S3Options> = {},
  ): Promise<T> {
    const store = openS3({
      region: testRegion,
      endpoint: proxy.endpoint,
      forcePathStyle: true,
      credentials: user,
      stallMs: 500,
      ...changes,
    });
    try {
      return await work(store);
    } finally {
      store.close();
    }
  }

  const readAll = (store: ObjectStore): Promise<Buffer> =>
    store
      .open({ bucket: bucket.name, key }, signal)
      .then(async ({ body }) => Buffer.concat((await body.toArray()) as Buffer[]));

  /** A GET without a client's care, as the root. */
  const get = (path: string): Promise<Got> =>
    new Promise((resolve, reject) => {
      const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${testRegion}/s3/aws4_request, SignedHeaders=host, Signature=0`;
      let answered = false;
      const asked = request(proxy.endpoint + path, { agent: false, headers: { authorization } }, (answer) => {
        const chunks: Buffer[] = [];
        const { statusCode: status = 0, headers } = answer;
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', () => {});
        answer.once('close', () => {
          resolve({ status, headers, body: Buffer.concat(chunks), broken: !answer.complete });
        });
        answered = true;
      });
      asked.once('error', (error) => {
        if (!answered) reject(error);
      });
      asked.end();
    });

  const getObject = (): Promise<Got> => get(`/${bucket.name}/second`);

  it('passes on requests and bodies byte by byte, their signatures still valid', async () => {
    assert.deepEqual(await withStore(readAll), content);
    const page = await withStore((store) =>
      store.listPage({ bucket: bucket.name, prefix: '', maxKeys: 1 }, signal),
    );
    assert.deepEqual(
      page.objects.map((object) => object.key),
      [key],
    );
    assert.deepEqual(
      proxy.requests.map(({ operation, bucket: of, key: asked }) => [operation, of, asked]),
      [
        ['GetObject', bucket.name, key],
        ['ListObjectsV2', bucket.name, undefined],
      ],
    );
    const options = { region: testRegion, endpoint: proxy.endpoint, credentials: user };
    assert.equal((await callerIdentity(options, signal)).principal, user.arn);
    assert.equal(proxy.requests.at(-1)?.operation, 'GetCallerIdentity');
    const forged = { ...user, secretAccessKey: 'forged' };
    await assert.rejects(
      withStore(readAll, { credentials: forged }),
      (error) => reasonOf(error) === 'SignatureDoesNotMatch',
    );
  });

  it('applies a rule to what it matches alone, after so many and so many times', async () => {
    const rule = proxy.add({ operation: 'GetObject', key: /^second$/, after: 1, times: 2 }, accessDenied());
    proxy.add({ operation: 'ListObjectsV2' }, accessDenied());
    const statuses = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await getObject()).status);
    assert.deepEqual(statuses, [200, 403, 403, 200]);
    assert.equal(rule.applied, 2);
    assert.deepEqual(await withStore(readAll), content);
    rule.remove();
    assert.equal((await getObject()).status, 200);
  });

  it('answers in the words of S3 and of STS', async () => {
    const told: readonly (readonly [Fault, string])[] = [
      [slowDown({ retryAfterSeconds: 0 }), 'Throttled'],
      [expiredToken(), 'CredentialsExpired'],
      [preconditionFailed(), 'ObjectChangedDuringRead'],
      [malformedForRegion(testRegion, 'eu-west-1'), 'BucketRegionMismatch'],
      [permanentRedirect('eu-west-1'), 'BucketRegionMismatch'],
      [accessDenied(), 'ReadDenied'],
    ];
    for (const [fault, reason] of told) {
      proxy.reset();
      proxy.add({ operation: 'GetObject' }, fault);
      await assert.rejects(withStore(readAll), (error) => reasonOf(error) === reason, reason);
    }
    proxy.add({ operation: 'GetCallerIdentity' }, expiredToken());
    const options = { region: testRegion, endpoint: proxy.endpoint, credentials: user };
    await assert.rejects(
      callerIdentity(options, signal),
      (error) => reasonOf(error) === 'CredentialsExpired',
    );
    proxy.reset();
    proxy.add({ operation: 'GetObject' }, slowDown({ retryAfterSeconds: 7 }));
    assert.equal((await getObject()).headers['retry-after'], '7');
  });

  it('breaks connections: before an answer, in a body, and in good order', async () => {
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'reset' });
    await assert.rejects(getObject(), { code: 'ECONNRESET' });
    const path = `/${bucket.name}/${encodeURIComponent(key)}`;
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'reset', afterBytes: 1000 });
    const reset = await get(path);
    assert.ok(reset.broken && reset.body.length <= 1000);
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'cut', afterBytes: 1000 });
    const cut = await get(path);
    assert.ok(cut.broken);
    assert.deepEqual(cut.body, content.subarray(0, 1000));
  });

  it('announces a wrong length, turns a byte, rewrites headers', async () => {
    const path = `/${bucket.name}/${encodeURIComponent(key)}`;
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'wrongLength', by: 10 });
    const longer = await get(path);
    assert.equal(longer.headers['content-length'], String(content.length + 10));
    assert.ok(longer.broken && longer.body.equals(content));
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'wrongLength', by: -10 });
    const shorter = await get(path);
    assert.ok(!shorter.broken && shorter.body.equals(content.subarray(0, -10)));
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'flip', at: 100_000 });
    const { body } = await get(path);
    assert.equal(body[100_000], (content[100_000] ?? 0) ^ 0xff);
    body[100_000] = content[100_000] ?? 0;
    assert.ok(body.equals(content));
    const headers = { 'content-encoding': 'gzip' };
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'rewrite', headers, without: ['etag'] });
    const rewritten = await get(path);
    assert.deepEqual(
      [rewritten.headers['content-encoding'], rewritten.headers.etag, rewritten.body.equals(content)],
      ['gzip', undefined, true],
    );
  });

  it('stalls, falls silent, and is slow, without breaking what comes', async () => {
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'stall', afterBytes: 1000 });
    await assert.rejects(withStore(readAll), /stalled/);
    proxy.add({ operation: 'ListObjectsV2', times: 1 }, { kind: 'silence' });
    const page = withStore((store) => store.listPage({ bucket: bucket.name, prefix: '' }, signal), {
      answerMs: 500,
    });
    await assert.rejects(page, (error) => reasonOf(error) === 'ConnectionTimeout');
    const begun = performance.now();
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'slow', bytesPerSecond: content.length * 2 });
    assert.deepEqual(await withStore(readAll), content);
    assert.ok(performance.now() - begun >= 400);
    proxy.add({ operation: 'GetObject', times: 1 }, { kind: 'delay', ms: 300 });
    const asked = performance.now();
    assert.equal((await getObject()).status, 200);
    assert.ok(performance.now() - asked >= 290);
  });

  it('holds a body while something happens', async () => {
    let arrived = 0;
    const meanwhile = async (): Promise<void> => {
      await bucket.put('meanwhile', 'x');
      arrived += 1;
    };
    proxy.add({ operation: 'GetObject', key, times: 1 }, { kind: 'pause', afterBytes: 1000, meanwhile });
    assert.deepEqual(await withStore(readAll), content);
    assert.equal(arrived, 1);
    await bucket.delete('meanwhile');
  });

  it('gives a key twice, and an empty page before the rest', async () => {
    proxy.add({ operation: 'ListObjectsV2', times: 1 }, listedTwice());
    const list = () => withStore((store) => store.listPage({ bucket: bucket.name, prefix: '' }, signal));
    const keysOf = async () => (await list()).objects.map((object) => object.key);
    assert.deepEqual(await keysOf(), [key, key, 'second']);
    proxy.reset();
    proxy.add({ operation: 'ListObjectsV2', times: 1 }, { kind: 'emptyPage' });
    assert.deepEqual(await keysOf(), [key, 'second']);
    assert.equal(proxy.requests.length, 2);
  });
});
