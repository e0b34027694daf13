import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { createOutput } from '../../../../cli/output/output.ts';

function broken(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write'), { code })),
  });
}

describe('the output of a command', () => {
  it('waits for a slow reader', async () => {
    const taken: string[] = [];
    let release = (): void => {};
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        taken.push(chunk.toString());
        release = done;
      },
    });
    const output = createOutput(slow, () => assert.fail('closed'));
    let written = false;
    const writing = output.write('first').then(() => {
      written = true;
    });
    await new Promise(setImmediate);
    assert.deepEqual([taken, written], [['first'], false]);
    release();
    await writing;
    assert.equal(written, true);
  });

  it('tells once that nobody reads any more, and takes what follows without effect', async () => {
    let closed = 0;
    const output = createOutput(broken('EPIPE'), () => (closed += 1));
    await output.write('x'.repeat(100_000));
    await output.write('more');
    await new Promise(setImmediate);
    await output.write('more');
    assert.equal(closed, 1);
  });

  it('is no terminal and 80 columns wide where the stream says nothing', () => {
    const output = createOutput(new Writable(), () => {});
    assert.deepEqual([output.isTerminal, output.columns], [false, 80]);
  });
});
