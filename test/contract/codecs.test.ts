import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TerminalError } from '../../lib/errors.ts';
import type { Codec } from '../../worker/codecs/codec.ts';
import { codecs, compressionNames, type CodecName } from '../../worker/codecs/registry.ts';
import { collectBytes, inPieces, readContext, watchedBytes } from '../support/bytes.ts';

/** Bytes so compressed; one line for each codec, beside its line in the registry. */
const encoders: Readonly<Record<CodecName, (bytes: Buffer) => Buffer>> = {
  None: (bytes) => bytes,
  Gzip: (bytes) => gzipSync(bytes),
};

const text = Buffer.from(Array.from({ length: 1000 }, (_, index) => `line ${index} of Zoë\n`).join(''));
const mebibyte = 1024 * 1024;

for (const [name, codec] of Object.entries<Codec>(codecs)) {
  const encode = encoders[name as CodecName];

  describe(`the codec ${name}`, () => {
    it(`${name} is registered under its own name, and may be asked for`, () => {
      assert.equal(codec.name, name);
      assert.ok(compressionNames.includes(name as CodecName));
    });

    it(`${name} begins as its magic says`, () => {
      const magic = codec.magic ?? Buffer.alloc(0);
      assert.deepEqual(encode(text).subarray(0, magic.length), magic);
    });

    it(`${name} gives back what was compressed, however the bytes arrive`, async () => {
      const encoded = encode(text);
      for (const size of [1, 2, 3, 7, 100, 65_536, encoded.length]) {
        const decoded = codec.decode(watchedBytes(inPieces(encoded, size)), readContext());
        assert.deepEqual(await collectBytes(decoded), text);
      }
    });

    it(`${name} gives back nothing for nothing compressed`, async () => {
      const encoded = encode(Buffer.alloc(0));
      assert.equal((await collectBytes(codec.decode(watchedBytes([encoded]), readContext()))).length, 0);
    });

    it(`${name} cut off anywhere fails, or gives exactly what there was`, async () => {
      const encoded = encode(text.subarray(0, 400));
      for (let length = 1; length < encoded.length; length += 1) {
        const cut = encoded.subarray(0, length);
        const decoded = collectBytes(codec.decode(watchedBytes([cut]), readContext()));
        if (codec.magic === undefined) assert.deepEqual(await decoded, cut);
        else await assert.rejects(decoded, TerminalError);
      }
    });

    it(`${name} gives its source back when its reader leaves, and takes nothing after that`, async () => {
      const encoded = encode(Buffer.alloc(8 * mebibyte, text));
      const source = watchedBytes(inPieces(encoded, 1000));
      const chunks = codec.decode(source, readContext())[Symbol.asyncIterator]();
      await chunks.next();
      await chunks.return?.();
      await chunks.return?.();
      assert.equal(source.closed, true);
      const { taken } = source;
      assert.ok(taken < encoded.length / 1000, 'the whole source was taken');
      assert.equal((await chunks.next()).done, true);
      assert.equal(source.taken, taken);
    });

    it(`${name} passes on what its source fails with`, async () => {
      function* failing(): Generator<Buffer> {
        yield encode(text).subarray(0, 100);
        throw new Error(`${name}: the connection broke`);
      }
      const decoded = collectBytes(codec.decode(watchedBytes(failing()), readContext()));
      await assert.rejects(decoded, new RegExp(`${name}: the connection broke`));
    });

    it(`${name} asks for more only when its reader does`, async () => {
      // Incompressible, so that what is taken shows in what comes out.
      const random = Buffer.from(
        Array.from({ length: mebibyte }, (_, at) => (at * at * 2_654_435_761) >>> 13),
      );
      const encoded = encode(Buffer.concat(Array.from({ length: 16 }, () => random)));
      const pieceSize = 16 * 1024;
      const source = watchedBytes(inPieces(encoded, pieceSize));
      const chunks = codec.decode(source, readContext())[Symbol.asyncIterator]();
      for (let decoded = 0; decoded < 8 * mebibyte;) {
        const next = await chunks.next();
        assert.ok(next.done !== true);
        decoded += next.value.length;
        assert.ok(
          source.taken * pieceSize < decoded + 2 * mebibyte,
          `${source.taken} pieces for ${decoded} bytes`,
        );
      }
      await chunks.return?.();
    });
  });
}
