import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import type { OpenedObject, OpenRequest } from '../../../../lib/aws/object-store.ts';
import { reasonOf, TransientError } from '../../../../lib/errors.ts';
import type { RandomAccessFile } from '../../../../worker/formats/format.ts';
import { openObjectParts } from '../../../../worker/pipeline/object-parts.ts';

const { signal } = new AbortController();
const content = Buffer.from('0123456789');
const object = { bucket: 'b', key: 'k', etag: 'e', size: content.length };

/** Answers each request by what `answer` makes of the stretch that was asked for; three tries a request. */
function openParts(
  answer: (part: Buffer, request: OpenRequest) => { readonly part: Buffer; readonly size?: number },
): { readonly file: RandomAccessFile; readonly requests: readonly OpenRequest[] } {
  const requests: OpenRequest[] = [];
  const open = (request: OpenRequest): Promise<OpenedObject> => {
    requests.push(request);
    const { first = 0, last = content.length - 1 } = request.range ?? {};
    const { part, size = content.length } = answer(content.subarray(first, last + 1), request);
    const unknown = { contentEncoding: undefined, contentType: undefined, versionId: undefined };
    const head = { etag: 'e', size, lastModified: 0, storageClass: 'STANDARD', ...unknown };
    return Promise.resolve({ ...head, body: Readable.from([part.subarray(0, 1), part.subarray(1)]) });
  };
  const retry = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        if (tries === 3 || !(error instanceof TransientError)) throw error;
      }
    }
  };
  return { file: openObjectParts(object, { objects: { open }, retry }), requests };
}

suite('an object of which any stretch can be had', () => {
  test('gives the bytes that were asked for, each stretch by a request that is pinned to the content', async () => {
    const { file, requests } = openParts((part) => ({ part }));
    assert.equal(file.size, 10);
    assert.equal(String(await file.read(2, 5, signal)), '234');
    assert.equal(String(await file.read(9, 10, signal)), '9');
    assert.deepEqual(
      requests.map(({ etag, range }) => [etag, range]),
      [
        ['e', { first: 2, last: 4 }],
        ['e', { first: 9, last: 9 }],
      ],
    );
  });

  test('asks for nothing where nothing is wanted', async () => {
    const { file, requests } = openParts((part) => ({ part }));
    assert.equal((await file.read(4, 4, signal)).length, 0);
    assert.equal(requests.length, 0);
  });

  test('asks again for a stretch that came short, long, or of an object of another length', async () => {
    const wrong: readonly ((part: Buffer) => { readonly part: Buffer; readonly size?: number })[] = [
      (part) => ({ part: part.subarray(1) }),
      (part) => ({ part: Buffer.concat([part, part]) }),
      (part) => ({ part, size: 11 }),
    ];
    for (const spoil of wrong) {
      let spoilt = 0;
      const once = openParts((part) => (spoilt++ === 0 ? spoil(part) : { part }));
      assert.equal(String(await once.file.read(0, 3, signal)), '012');
      assert.equal(once.requests.length, 2);
      const always = openParts(spoil);
      assert.equal(await always.file.read(0, 3, signal).then(String, reasonOf), 'ObjectReadFailed');
    }
  });
});
