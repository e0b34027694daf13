import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { OpenedObject, OpenRequest } from '../../../../lib/aws/object-store.ts';
import { reasonOf, TerminalError, TransientError } from '../../../../lib/errors.ts';
import { openWholeObject } from '../../../../worker/pipeline/whole-object.ts';

const content = Buffer.alloc(512 * 1024, 'some bytes of a file, ');
const object = { bucket: 'b', key: 'k', etag: 'e', size: content.length };
const signal = new AbortController().signal;

interface Connections {
  readonly requests: OpenRequest[];
  read(): Promise<Buffer>;
}

/** Each connection breaks after so many bytes of its own; the ones behind those hold. */
function connections(...breakAfter: readonly number[]): Connections {
  const requests: OpenRequest[] = [];
  const left = [...breakAfter];
  const open = (request: OpenRequest): Promise<OpenedObject> => {
    requests.push(request);
    const rest = content.subarray(request.range?.first ?? 0);
    const limit = left.shift();
    const body = Readable.from(piecesOf(rest, limit));
    return Promise.resolve(opened(body));
  };
  const deps = { objects: { open }, retry: <T>(call: () => Promise<T>) => call() };
  return {
    requests,
    read: async () => {
      const { body } = await openWholeObject(object, deps, signal);
      return Buffer.concat(await Array.fromAsync(body));
    },
  };
}

function* piecesOf(bytes: Buffer, limit = Infinity): Generator<Buffer> {
  for (let at = 0; at < Math.min(limit, bytes.length); at += 10_000) {
    yield bytes.subarray(at, Math.min(at + 10_000, limit));
  }
  if (limit < bytes.length)
    throw new TransientError({ reason: 'ObjectReadFailed', message: 'It broke off.' });
}

function opened(body: Readable, size = object.size): OpenedObject {
  const unknown = { contentEncoding: undefined, contentType: undefined, versionId: undefined };
  return { etag: 'e', size, lastModified: 0, storageClass: 'STANDARD', ...unknown, body };
}

describe('a whole object', () => {
  it('comes over one connection where that holds, without a range', async () => {
    const one = connections();
    assert.ok((await one.read()).equals(content));
    const { size: _size, ...address } = object;
    assert.deepEqual(one.requests, [address]);
  });

  it('goes on behind the last byte where connections break, pinned to the same content', async () => {
    const many = connections(100_000, 70_000, 200_000, 65_536);
    assert.ok((await many.read()).equals(content));
    assert.deepEqual(
      many.requests.map(({ range, etag }) => [range?.first ?? 0, etag]),
      [
        [0, 'e'],
        [100_000, 'e'],
        [170_000, 'e'],
        [370_000, 'e'],
        [435_536, 'e'],
      ],
    );
  });

  it('is given up when one connection after another brings next to nothing', async () => {
    const poor = connections(100_000, 5, 0, 0, 0);
    await assert.rejects(poor.read(), (error) => reasonOf(error) === 'ObjectReadFailed');
    assert.equal(poor.requests.length, 3);
  });

  it('fails with what is no broken connection', async () => {
    const changed = new TerminalError({ reason: 'ObjectChangedDuringRead', message: 'Another one.' });
    const answers = [
      () => opened(Readable.from(piecesOf(content, 70_000))),
      () => {
        throw changed;
      },
    ];
    const deps = {
      objects: { open: async () => (answers.shift() as () => OpenedObject)() },
      retry: <T>(call: () => Promise<T>) => call(),
    };
    const { body } = await openWholeObject(object, deps, signal);
    await assert.rejects(Array.fromAsync(body), changed);
  });

  it('is not read from an answer that announces another length than was listed', async () => {
    const body = Readable.from(piecesOf(content));
    const deps = {
      objects: { open: async () => opened(body, object.size - 1) },
      retry: <T>(call: () => Promise<T>) => call(),
    };
    await assert.rejects(
      openWholeObject(object, deps, signal),
      /announces 524287 bytes .* listed with 524288/,
    );
    assert.equal(body.destroyed, true);
  });

  it('gives the connection back that is open when it is left', async () => {
    const deps = {
      objects: { open: async () => opened(Readable.from(piecesOf(content))) },
      retry: <T>(call: () => Promise<T>) => call(),
    };
    const left = await openWholeObject(object, deps, signal);
    left.body.destroy?.();
    await assert.rejects(Array.fromAsync(left.body), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });
});
