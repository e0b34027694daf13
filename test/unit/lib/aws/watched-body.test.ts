import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { watchBody } from '../../../../lib/aws/watched-body.ts';
import { TransientError } from '../../../../lib/errors.ts';

const signal = new AbortController().signal;
const subject = 'the object in bucket "b"';

async function textOf(body: Readable): Promise<string> {
  let text = '';
  for await (const chunk of body as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

function readFailure(says: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof TransientError && error.reason === 'ObjectReadFailed' && says.test(error.message);
}

describe('a body that is watched', () => {
  it('passes on what comes, to its announced end', async () => {
    const body = watchBody(
      Readable.from([Buffer.from('ab'), Buffer.from('cd')]),
      { length: 4, stallMs: 60_000, subject },
      signal,
    );
    assert.equal(await textOf(body), 'abcd');
  });

  it('passes on a body of no announced length, and an empty one', async () => {
    for (const [chunks, length] of [
      [[Buffer.from('ab')], undefined],
      [[], 0],
    ] as const) {
      const body = watchBody(Readable.from(chunks), { length, stallMs: 60_000, subject }, signal);
      assert.equal(await textOf(body), chunks.join(''));
    }
  });

  it('fails when the body ends before its announced length', async () => {
    const body = watchBody(
      Readable.from([Buffer.from('ab')]),
      { length: 4, stallMs: 60_000, subject },
      signal,
    );
    await assert.rejects(textOf(body), readFailure(/the object in bucket "b" ended after 2 of 4 bytes\.$/));
  });

  it('fails when the body breaks off', async () => {
    const source = new PassThrough();
    const body = watchBody(source, { length: 4, stallMs: 60_000, subject }, signal);
    source.write('ab');
    source.destroy(new Error('socket hang up'));
    await assert.rejects(textOf(body), readFailure(/broke off\.$/));
  });

  it('fails when the body is closed without an end', async () => {
    const source = new PassThrough();
    const body = watchBody(source, { length: undefined, stallMs: 60_000, subject }, signal);
    source.write('ab');
    source.destroy();
    await assert.rejects(textOf(body), readFailure(/broke off\.$/));
  });

  it('fails when no byte comes for as long as is waited, and gives the connection back', async () => {
    const source = new PassThrough();
    const body = watchBody(source, { length: 4, stallMs: 40, subject }, signal);
    source.write('ab');
    const reading = textOf(body);
    // The timer of a stall does not keep a process alive; a socket would.
    const alive = setInterval(() => {}, 1000);
    await assert.rejects(reading, readFailure(/stalled: no byte came for 0\.04 seconds\.$/));
    clearInterval(alive);
    assert.equal(source.destroyed, true);
  });

  it('a reader that takes its time is no stall', async () => {
    const source = new PassThrough();
    const body = watchBody(source, { length: 4, stallMs: 20, subject }, signal);
    source.end('abcd');
    // Timers of one length go off in the order in which they were set: when this one has, so has the one above.
    const nothing = watchBody(new PassThrough(), { length: 4, stallMs: 20, subject }, signal);
    const alive = setInterval(() => {}, 1000);
    await assert.rejects(textOf(nothing), readFailure(/stalled/));
    clearInterval(alive);
    assert.equal(await textOf(body), 'abcd');
  });

  it('a reader that leaves, and an abort, give the connection back', async () => {
    const left = new PassThrough();
    left.write('ab');
    for await (const chunk of watchBody(left, { length: 4, stallMs: 60_000, subject }, signal)) {
      assert.equal(String(chunk), 'ab');
      break;
    }
    assert.equal(left.destroyed, true);
    const aborted = new PassThrough();
    const abort = new AbortController();
    const reading = textOf(watchBody(aborted, { length: 4, stallMs: 60_000, subject }, abort.signal));
    abort.abort();
    await assert.rejects(reading, { name: 'AbortError' });
    assert.equal(aborted.destroyed, true);
  });

  it('tells bytes that are not those of the checksum apart from a connection that broke', async () => {
    const source = new Readable({ read: () => {} });
    const body = watchBody(source, { length: undefined, stallMs: 60_000, subject }, signal);
    source.push('ab');
    source.destroy(new Error('Checksum mismatch: expected "AAAAAA==" but received "BBBBBB==".'));
    await assert.rejects(
      textOf(body),
      (error) => error instanceof TransientError && error.reason === 'ObjectChecksumMismatch',
    );
  });
});
