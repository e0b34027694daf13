import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AwsCredentials } from '../../../lib/aws/credentials.ts';
import { callerIdentity } from '../../../lib/aws/sts.ts';
import type { ObjectStore } from '../../../lib/aws/object-store.ts';
import { openS3, type S3Options } from '../../../lib/aws/s3.ts';
import { reasonOf, TerminalError, TransientError } from '../../../lib/errors.ts';
import {
  readStatements,
  startMiniStack,
  testAccount,
  testRegion,
  type MiniStack,
  type TestBucket,
  type TestUser,
} from '../../support/ministack.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';

const signal = AbortSignal.timeout(300_000);

describe(
  'S3 and STS, on a server that checks signatures and policies',
  { skip: await reasonToSkipMiniStack() },
  () => {
    let server: MiniStack;
    let bucket: TestBucket;
    let reader: TestUser;
    const open: ObjectStore[] = [];

    before(async () => {
      server = await startMiniStack();
      bucket = await server.createBucket();
      reader = await server.createUser(readStatements(bucket.name));
    });

    after(async () => {
      for (const store of open) store.close();
      await server?.stop();
    });

    function storeAs(credentials: AwsCredentials, changes: Partial<S3Options> = {}): ObjectStore {
      const { endpoint } = server;
      const store = openS3({ region: testRegion, endpoint, forcePathStyle: true, credentials, ...changes });
      open.push(store);
      return store;
    }

    async function keysOf(store: ObjectStore, prefix: string, maxKeys: number): Promise<string[][]> {
      const pages: string[][] = [];
      let startAfter: string | undefined;
      do {
        const page = await store.listPage({ bucket: bucket.name, prefix, startAfter, maxKeys }, signal);
        pages.push(page.objects.map(({ key }) => key));
        assert.equal(page.truncated, page.nextStartAfter !== undefined);
        startAfter = page.nextStartAfter;
      } while (startAfter !== undefined);
      return pages;
    }

    async function read(store: ObjectStore, key: string, etag?: string): Promise<string> {
      const { body } = await store.open({ bucket: bucket.name, key, etag }, signal);
      let text = '';
      for await (const chunk of body as AsyncIterable<Buffer>) text += chunk.toString();
      return text;
    }

    /** What a call fails with. */
    async function failureOf(call: Promise<unknown>): Promise<TerminalError | TransientError> {
      const error: unknown = await call.then(
        () => assert.fail('the call succeeded'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof TerminalError || error instanceof TransientError, String(error));
      return error;
    }

    it('[I-17] pages of a listing follow one another, and any page can be resumed from its last key', async () => {
      const names = Array.from({ length: 25 }, (_, index) => `pages/${String(index).padStart(3, '0')}`);
      for (const name of names) await bucket.put(name, name);
      const pages = await keysOf(storeAs(reader), 'pages/', 10);
      assert.deepEqual(
        pages.map((page) => page.length),
        [10, 10, 5],
      );
      assert.deepEqual(pages.flat(), names);
      const request = { bucket: bucket.name, prefix: 'pages/', startAfter: pages[1]?.at(-1), maxKeys: 10 };
      const resumed = await storeAs(reader).listPage(request, signal);
      assert.deepEqual(
        resumed.objects.map(({ key }) => key),
        pages[2],
      );
    });

    it('[I-17] a listing tells of each object its key, ETag, size, time and storage class', async () => {
      const etag = await bucket.put('facts/cold', 'twelve bytes', { storageClass: 'GLACIER' });
      const page = await storeAs(reader).listPage({ bucket: bucket.name, prefix: 'facts/' }, signal);
      const [object] = page.objects;
      assert.ok(object !== undefined && Math.abs(object.lastModified - Date.now()) < 600_000);
      const { lastModified: _, ...facts } = object;
      assert.deepEqual(facts, {
        key: 'facts/cold',
        etag,
        size: 12,
        storageClass: 'GLACIER',
        restored: false,
      });
    });

    it('keys of any characters are listed and opened as they are', async () => {
      const odd = await server.createUser([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
      const names = [
        'a b',
        'a+b',
        'a%2Bb',
        'a%20b',
        'ü/ö',
        'x//y',
        './dot',
        '../up',
        'c\u0001d',
        'a\rb',
        'a\nb',
        `q?#'()!;"`,
        '\u2028',
        '\u{1f600}',
        '\ue000',
        ' lead',
        'trail ',
        'trail/',
        '&amp;<x>',
        '\\back',
        'e\u0301',
      ].map((name) => `odd/${name}`);
      for (const name of names) await bucket.put(name, name);
      const pages = await keysOf(storeAs(odd), 'odd/', 4);
      const inOrderOfBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(pages.flat(), inOrderOfBytes);
      for (const name of names) assert.equal(await read(storeAs(odd), name), name);
    });

    it('an empty prefix lists the whole bucket, and an empty bucket gives an empty page', async () => {
      const empty = await server.createBucket();
      const store = storeAs(await server.createUser(readStatements(empty.name)));
      const nothing = { objects: [], truncated: false, nextStartAfter: undefined };
      assert.deepEqual(await store.listPage({ bucket: empty.name, prefix: '' }, signal), nothing);
      await empty.put('one', '1');
      const page = await store.listPage({ bucket: empty.name, prefix: '' }, signal);
      assert.deepEqual(
        page.objects.map(({ key }) => key),
        ['one'],
      );
    });

    it('[I-22] a read that is pinned to an ETag refuses the object once it is overwritten', async () => {
      const store = storeAs(reader);
      const etag = await bucket.put('pinned', 'first');
      assert.equal(await read(store, 'pinned', etag), 'first');
      await bucket.put('pinned', 'second');
      const failure = await failureOf(read(store, 'pinned', etag));
      assert.equal(failure.reason, 'ObjectChangedDuringRead');
      assert.equal((await store.head({ bucket: bucket.name, key: 'pinned' }, signal)).size, 6);
      const pinnedHead = store.head({ bucket: bucket.name, key: 'pinned', etag }, signal);
      assert.equal((await failureOf(pinnedHead)).reason, 'ObjectChangedDuringRead');
    });

    it('an opened object tells its size, encoding and type, also of a range of it', async () => {
      const options = { contentEncoding: 'gzip', contentType: 'application/x-ndjson' };
      const etag = await bucket.put('encoded', '0123456789', options);
      const request = { bucket: bucket.name, key: 'encoded', range: { first: 2, last: 4 } };
      const opened = await storeAs(reader).open(request, signal);
      const chunks = await opened.body.toArray();
      assert.equal(Buffer.concat(chunks as Buffer[]).toString(), '234');
      const { size, contentEncoding, contentType } = opened;
      assert.deepEqual(
        { size, contentEncoding, contentType, etag: opened.etag },
        { size: 10, ...options, etag },
      );
    });

    it('[P-33] what is stored as gzip content encoding arrives as it is stored', async () => {
      const stored = Buffer.from('1f8b0800000000000003ab00', 'hex');
      await bucket.put('still-zipped', stored, { contentEncoding: 'gzip' });
      const { body } = await storeAs(reader).open({ bucket: bucket.name, key: 'still-zipped' }, signal);
      assert.deepEqual(Buffer.concat((await body.toArray()) as Buffer[]), stored);
    });

    it('a body that is left early gives its connection back', async () => {
      await bucket.put('large', Buffer.alloc(4 * 1024 * 1024, 'x'));
      const store = storeAs(reader);
      // More than there are connections: if one were kept, the last calls would wait for ever.
      for (let count = 0; count < 40; count += 1) {
        const { body } = await store.open({ bucket: bucket.name, key: 'large' }, signal);
        for await (const chunk of body as AsyncIterable<Buffer>) {
          assert.ok(chunk.length > 0);
          break;
        }
      }
      assert.equal((await store.head({ bucket: bucket.name, key: 'large' }, signal)).size, 4 * 1024 * 1024);
    });

    it('an aborted call rejects with the reason of the abort', async () => {
      const abort = new AbortController();
      const { body } = await storeAs(reader).open({ bucket: bucket.name, key: 'large' }, abort.signal);
      const reading = body.toArray();
      abort.abort(new Error('no longer wanted'));
      await assert.rejects(reading, (error: Error) => error.name === 'AbortError');
      const late = storeAs(reader).listPage({ bucket: bucket.name, prefix: '' }, abort.signal);
      await assert.rejects(late, /no longer wanted/);
    });

    it('[I-11] STS tells whose the credentials are', async () => {
      const request = { region: testRegion, endpoint: server.endpoint, credentials: reader };
      assert.deepEqual(await callerIdentity(request, signal), {
        principal: reader.arn,
        account: testAccount,
      });
    });

    const failures: Readonly<
      Record<
        string,
        { readonly reason: string; readonly says: RegExp; readonly call: () => Promise<unknown> }
      >
    > = {
      'a bucket that is not there': {
        reason: 'BucketNotFound',
        says: /has no bucket "not-there-at-all"\. Create it/,
        call: async () => {
          const anywhere = await server.createUser([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
          return storeAs(anywhere).listPage({ bucket: 'not-there-at-all', prefix: '' }, signal);
        },
      },
      'a bucket of another region': {
        reason: 'BucketRegionMismatch',
        says: /is in region eu-west-1, not in us-east-1\. Set region to eu-west-1\./,
        call: async () => {
          const there = await server.createBucket({ region: 'eu-west-1' });
          const user = await server.createUser(readStatements(there.name));
          return storeAs(user).listPage({ bucket: there.name, prefix: '' }, signal);
        },
      },
      'an object that is gone': {
        reason: 'ObjectNotFound',
        says: /The object is not in bucket/,
        call: () => storeAs(reader).open({ bucket: bucket.name, key: 'gone' }, signal),
      },
      'a HEAD of an object that is gone': {
        reason: 'ObjectNotFound',
        says: /The object is not in bucket/,
        call: () => storeAs(reader).head({ bucket: bucket.name, key: 'gone' }, signal),
      },
      'an object in an archive class': {
        reason: 'ObjectArchived',
        says: /archive class.*Restore it/,
        call: async () => {
          await bucket.put('archived', 'x', { storageClass: 'GLACIER' });
          return storeAs(reader).open({ bucket: bucket.name, key: 'archived' }, signal);
        },
      },
      'an access key that does not exist': {
        reason: 'InvalidAccessKeyId',
        says: /does not know the access key/,
        call: () =>
          storeAs({ ...reader, accessKeyId: 'AKIAXXXXXXXXXXXXXXXX' }).listPage(
            { bucket: bucket.name, prefix: '' },
            signal,
          ),
      },
      'a wrong secret key': {
        reason: 'SignatureDoesNotMatch',
        says: /refuses the signature/,
        call: () =>
          storeAs({ ...reader, secretAccessKey: 'wrong' }).listPage(
            { bucket: bucket.name, prefix: '' },
            signal,
          ),
      },
      'a wrong secret key at STS': {
        reason: 'SignatureDoesNotMatch',
        says: /refuses the signature/,
        call: () =>
          callerIdentity(
            {
              region: testRegion,
              endpoint: server.endpoint,
              credentials: { ...reader, secretAccessKey: 'wrong' },
            },
            signal,
          ),
      },
      'a wrong session token': {
        reason: 'InvalidSessionToken',
        says: /refuses the session token/,
        call: async () => {
          const session = await server.createSession(readStatements(bucket.name), 900);
          return storeAs({ ...session, sessionToken: 'wrong' }).listPage(
            { bucket: bucket.name, prefix: '' },
            signal,
          );
        },
      },
      'a session that has ended': {
        reason: 'CredentialsExpired',
        says: /session of the credentials has expired/,
        call: async () => {
          const session = await server.createSession(readStatements(bucket.name), 1);
          const store = storeAs(session);
          for (;;) await store.listPage({ bucket: bucket.name, prefix: 'pages/' }, signal);
        },
      },
      'a listing that no policy allows': {
        reason: 'ListDenied',
        says: /^arn:aws:iam::123456789012:user\/\S+ may not s3:ListBucket on arn:aws:s3:::\S+: no identity-based policy allows it\. Add to its policy the statement \{"Sid":"ListObjects",.*"Condition":\{"StringLike":\{"s3:prefix":"web\/\*"\}\}\}\.$/,
        call: async () => {
          const user = await server.createUser([]);
          return storeAs(user).listPage({ bucket: bucket.name, prefix: 'web/' }, signal);
        },
      },
      'a read that no policy allows': {
        reason: 'ReadDenied',
        says: /may not s3:GetObject on arn:aws:s3:::\S+\/\*: no identity-based policy allows it\. Add to its policy the statement \{"Sid":"ReadObjects","Effect":"Allow","Action":"s3:GetObject"/,
        call: async () =>
          storeAs(await server.createUser([])).open({ bucket: bucket.name, key: 'pinned' }, signal),
      },
      'a HEAD that no policy allows': {
        reason: 'ReadDenied',
        says: /may not s3:GetObject/,
        call: async () =>
          storeAs(await server.createUser([])).head({ bucket: bucket.name, key: 'pinned' }, signal),
      },
      "a deny in the user's own policy": {
        reason: 'ExplicitDeny',
        says: /an identity-based policy denies it explicitly\. An allow does not help/,
        call: async () => {
          const user = await server.createUser([
            ...readStatements(bucket.name),
            { Effect: 'Deny', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket.name}/*` },
          ]);
          return storeAs(user).open({ bucket: bucket.name, key: 'pinned' }, signal);
        },
      },
      "a deny in the bucket's policy": {
        reason: 'ExplicitDeny',
        says: /a resource-based policy denies it explicitly/,
        call: async () => {
          const closed = await server.createBucket();
          await closed.put('file', 'x');
          const resource = `arn:aws:s3:::${closed.name}/*`;
          await closed.setPolicy([
            { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: resource },
          ]);
          const user = await server.createUser(readStatements(closed.name));
          return storeAs(user).open({ bucket: closed.name, key: 'file' }, signal);
        },
      },
      'a port where nobody listens': {
        reason: 'EndpointUnreachable',
        says: /Nothing answers at 127\.0\.0\.1:1 \(ECONNREFUSED\)/,
        call: () =>
          storeAs(reader, { endpoint: 'http://127.0.0.1:1' }).listPage(
            { bucket: bucket.name, prefix: '' },
            signal,
          ),
      },
      'a name that does not resolve': {
        reason: 'DNSResolutionFailed',
        says: /The name store\.invalid does not resolve/,
        call: () =>
          storeAs(reader, { endpoint: 'http://store.invalid' }).listPage(
            { bucket: bucket.name, prefix: '' },
            signal,
          ),
      },
      'TLS to a port that does not speak it': {
        reason: 'TLSVerificationFailed',
        says: /check that the port speaks TLS/,
        call: () =>
          storeAs(reader, { endpoint: server.endpoint.replace('http:', 'https:') }).listPage(
            { bucket: bucket.name, prefix: '' },
            signal,
          ),
      },
    };

    for (const [what, { reason, says, call }] of Object.entries(failures)) {
      it(`[I-11] ${what} fails as ${reason}, with a message that names the cure, twice the same`, async () => {
        const failure = await failureOf(call());
        assert.equal(failure.reason, reason, failure.message);
        assert.match(failure.message, says);
        assert.ok(failure.message.length <= 1024);
        for (const secret of [reader.secretAccessKey, 'wrong', 'pinned', 'RequestId']) {
          assert.ok(!failure.message.includes(secret), failure.message);
        }
        assert.equal(reasonOf(await failureOf(call())), reason);
      });
    }
  },
);
