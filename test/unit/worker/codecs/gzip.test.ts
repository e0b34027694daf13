import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { messageOf, reasonOf } from '../../../../lib/errors.ts';
import { gzip } from '../../../../worker/codecs/gzip.ts';
import { collectBytes, inPiecesOf, readContext, watchedBytes } from '../../../support/bytes.ts';

const plain = Buffer.from('{"a":1}\n'.repeat(40));
const member = gzipSync(plain);

/** What a file gives: its text, or why it does not. */
async function outcomeOf(bytes: Buffer, sizes: readonly number[] = [bytes.length + 1]): Promise<string> {
  const decoded = collectBytes(gzip.decode(watchedBytes(inPiecesOf(bytes, sizes)), readContext()));
  return decoded.then(String, reasonOf);
}

/** In one piece, byte by byte, and cut once at each place: it must not matter. */
async function outcomesOf(bytes: Buffer): Promise<ReadonlySet<string>> {
  const outcomes = new Set([
    await outcomeOf(bytes),
    await outcomeOf(bytes, [1]),
    await outcomeOf(bytes, [7, 2]),
  ]);
  for (let at = 1; at < bytes.length; at += 1) outcomes.add(await outcomeOf(bytes, [at, bytes.length]));
  return outcomes;
}

describe('gzip', () => {
  it('[I-28] reads all members of a file as one, wherever the pieces are cut', async () => {
    const members = Buffer.concat([member, gzipSync(''), gzipSync('second\n'), member]);
    const expected = `${String(plain)}second\n${String(plain)}`;
    assert.deepEqual(await outcomesOf(members), new Set([expected]));
  });

  it('reads a thousand small members', async () => {
    const members = Array.from({ length: 1000 }, (_, index) => gzipSync(`${index}\n`));
    const expected = Array.from({ length: 1000 }, (_, index) => `${index}\n`).join('');
    assert.equal(await outcomeOf(Buffer.concat(members), [100]), expected);
  });

  it('[I-28] a file cut off anywhere fails as TruncatedGzip, also in its second member', async () => {
    for (const before of [Buffer.alloc(0), member]) {
      for (let length = 1; length < member.length; length += 1) {
        const cut = Buffer.concat([before, member.subarray(0, length)]);
        const outcome = await outcomeOf(cut, [5]);
        // A first byte alone is as well a byte of garbage.
        const expected = length === 1 ? 'TrailingGarbage' : 'TruncatedGzip';
        assert.equal(outcome, expected, `${length} bytes behind ${before.length}`);
      }
    }
  });

  it('[I-28] bytes behind the last member fail as TrailingGarbage, however few they are', async () => {
    for (const garbage of ['A', '\n', 'text\n', '\u0001\u0000', 'PK\u0003\u0004']) {
      const bytes = Buffer.concat([member, Buffer.from(garbage, 'latin1')]);
      assert.deepEqual(await outcomesOf(bytes), new Set(['TrailingGarbage']), JSON.stringify(garbage));
    }
  });

  it('zeros behind the last member are padding, as for gzip(1)', async () => {
    for (const zeros of [1, 2, 512]) {
      assert.equal(await outcomeOf(Buffer.concat([member, Buffer.alloc(zeros)]), [100]), String(plain));
      assert.equal(await outcomeOf(Buffer.concat([member, Buffer.alloc(zeros)])), String(plain));
    }
    assert.deepEqual(await outcomesOf(Buffer.concat([member, Buffer.alloc(3)])), new Set([String(plain)]));
  });

  it('what follows padding is garbage, even if it is gzip again', async () => {
    for (const rest of [Buffer.from('x'), member]) {
      const bytes = Buffer.concat([member, Buffer.alloc(3), rest]);
      assert.deepEqual(await outcomesOf(bytes), new Set(['TrailingGarbage']));
    }
  });

  it('[I-28] any changed byte is noticed: a damaged file never reads as a different one', async () => {
    for (let at = 2; at < member.length; at += 1) {
      const damaged = Buffer.from(member);
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      const outcome = await outcomeOf(damaged, [9]);
      // The header says times and systems that do not matter; flags and lengths can ask for more than there is.
      const harmless = at >= 4 && at < 10;
      if (harmless) assert.ok([String(plain), 'CorruptGzip'].includes(outcome), `byte ${at}: ${outcome}`);
      else assert.match(outcome, /^(CorruptGzip|TruncatedGzip)$/, `byte ${at}`);
    }
  });

  it('a header with a name, a comment and extra fields is read over', async () => {
    const header = Buffer.concat([
      Buffer.from('1f8b081c00000000000304000102030', 'hex'),
      Buffer.from([4]),
      Buffer.from('file name\0a comment\0'),
    ]);
    const bytes = Buffer.concat([header, deflateRawSync(plain), member.subarray(-8)]);
    assert.equal(await outcomeOf(bytes, [3]), String(plain));
  });

  it('any text in any number of members comes back, however it arrives', async () => {
    const texts = fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 6 });
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(texts, sizes, async (members, cuts) => {
        const bytes = Buffer.concat(members.map((text) => gzipSync(text)));
        assert.equal(await outcomeOf(bytes, cuts), members.join(''));
      }),
      { numRuns: 100 },
    );
  });

  it('any bytes at all end, and fail with nothing but a reason of gzip', async () => {
    const noise = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
    const begun = noise.map((bytes) => Buffer.concat([member.subarray(0, 10), bytes]));
    const ended = noise.map((bytes) => Buffer.concat([member, bytes]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(noise, begun, ended), async (bytes) => {
        const outcome = await outcomeOf(bytes, [11]);
        assert.notEqual(outcome, 'UnknownError');
      }),
      { numRuns: 300 },
    );
  });

  it('a file that grows beyond the limits fails, and says what it may be', async () => {
    const mebibyte = 1024 * 1024;
    const bomb = gzipSync(Buffer.alloc(80 * mebibyte));
    const decode = async (limits: { readonly maxDecodedBytes?: number; readonly maxRatio?: number }) => {
      let most = 0;
      try {
        for await (const chunk of gzip.decode(watchedBytes([bomb]), readContext(limits)))
          most += chunk.length;
        return 'whole';
      } catch (error) {
        assert.ok(most <= 65 * mebibyte, `${most} bytes were given out`);
        return `${reasonOf(error)}: ${messageOf(error)}`;
      }
    };
    assert.equal(await decode({ maxRatio: 2000 }), 'whole');
    const small = gzipSync(Buffer.alloc(8 * mebibyte));
    const decoded = collectBytes(gzip.decode(watchedBytes([small]), readContext({ maxRatio: 2 })));
    assert.equal((await decoded).length, 8 * mebibyte, 'a small file may shrink as far as it likes');
    assert.match(
      await decode({ maxRatio: 500 }),
      /^DecompressionLimitExceeded: .*more than 500 times its size/,
    );
    assert.match(
      await decode({ maxDecodedBytes: mebibyte, maxRatio: 2000 }),
      /^DecompressionLimitExceeded: .*more than the 1048576 bytes/,
    );
  });
});
