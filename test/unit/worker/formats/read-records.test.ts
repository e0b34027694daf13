import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { messageOf, reasonOf } from '../../../../lib/errors.ts';
import { readRecords, type ReadSettings } from '../../../../worker/formats/read-records.ts';
import { collectItems, inPieces, watchedBytes } from '../../../support/bytes.ts';

const signal = new AbortController().signal;
const lines = Buffer.from('{"a":1}\n{"a":2}\n');

interface Given extends Partial<ReadSettings> {
  readonly contentEncoding?: string;
}

/** The values that a file gives, or the reason and the message of its failure. */
async function outcomeOf(bytes: Buffer, given: Given = {}): Promise<unknown> {
  const { contentEncoding, ...changes } = given;
  const settings = { format: 'JSONLines', compression: 'Auto', options: {}, ...changes };
  const body = watchedBytes(inPieces(bytes, 5));
  try {
    const items = await collectItems(readRecords({ body, contentEncoding }, settings, signal));
    return items.map((item) => (item.kind === 'record' ? item.record['a'] : item.reason));
  } catch (error) {
    return `${reasonOf(error)}: ${messageOf(error)}`;
  }
}

describe('reading a stored file', () => {
  it('[P-33] gzip is found by its first bytes, whatever Content-Encoding says, and unzipped once', async () => {
    for (const contentEncoding of [undefined, 'gzip', 'identity']) {
      const given = contentEncoding === undefined ? {} : { contentEncoding };
      assert.deepEqual(await outcomeOf(gzipSync(lines), given), [1, 2]);
      assert.deepEqual(await outcomeOf(lines, given), [1, 2]);
    }
  });

  it('[I-28] a declared compression that is right is taken', async () => {
    assert.deepEqual(await outcomeOf(lines, { compression: 'None' }), [1, 2]);
    assert.deepEqual(await outcomeOf(gzipSync(lines), { compression: 'Gzip' }), [1, 2]);
  });

  it('[I-28] a declared compression that the bytes contradict is named with the bytes and the cure', async () => {
    assert.equal(
      await outcomeOf(gzipSync(lines), { compression: 'None' }),
      'CompressionMismatch: The file was declared as compression None, and is Gzip: it begins with the bytes 1f 8b 08 00. Set compression to Gzip, or to Auto.',
    );
    assert.equal(
      await outcomeOf(lines, { compression: 'Gzip' }),
      'CompressionMismatch: The file was declared as compression Gzip, and is not: it begins with the bytes 7b 22 61 22. Set compression to None, or to Auto.',
    );
    assert.match(
      String(await outcomeOf(lines, { compression: 'Gzip', contentEncoding: 'gzip' })),
      /Its Content-Encoding is "gzip": what uploaded it may have said so without doing it\.$/,
    );
  });

  it('a file that was compressed twice is named as such', async () => {
    assert.match(
      String(await outcomeOf(gzipSync(gzipSync(lines)))),
      /^CompressionMismatch: Within its Gzip the file is compressed again, as gzip/,
    );
  });

  it('a compression that is not read is named, under any setting', async () => {
    const known = {
      Zip: '504b030414000000',
      Zstandard: '28b52ffd04000000',
      xz: 'fd377a585a000000',
      bzip2: '425a6839314159265359',
    };
    for (const [name, magic] of Object.entries(known)) {
      for (const compression of ['Auto', 'None', 'Gzip']) {
        const outcome = await outcomeOf(Buffer.from(magic, 'hex'), { compression });
        assert.match(
          String(outcome),
          new RegExp(`^CompressionMismatch: The file is compressed as ${name}, which`),
        );
      }
    }
  });

  it('text that only resembles a compressed file is text', async () => {
    assert.deepEqual(await outcomeOf(Buffer.from('BZh9,a\n1,2\n'), { format: 'CSV' }), ['2']);
    assert.deepEqual(await outcomeOf(Buffer.from('PK,a\n1,2\n'), { format: 'CSV' }), ['2']);
  });

  it('an empty object is an empty file, under any compression', async () => {
    for (const compression of ['Auto', 'None', 'Gzip']) {
      assert.deepEqual(await outcomeOf(Buffer.alloc(0), { compression }), []);
    }
    assert.deepEqual(await outcomeOf(gzipSync('')), []);
  });

  it('a format or compression that there is not is refused with those that there are', async () => {
    assert.equal(
      await outcomeOf(lines, { format: 'Parket' }),
      'InvalidFormat: "Parket" is not a format. Valid are JSONLines, CSV, Parquet.',
    );
    assert.equal(
      await outcomeOf(lines, { compression: 'zip' }),
      'InvalidFormat: "zip" is not a compression. Valid are Auto, None, Gzip.',
    );
  });

  it('a body is destroyed in the end: read whole, left early, broken, or never begun', async () => {
    const settings = { format: 'JSONLines', compression: 'Auto', options: {} };
    const cases: readonly (readonly [string, Buffer, Partial<ReadSettings>])[] = [
      ['whole', lines, {}],
      ['broken', gzipSync(lines).subarray(0, 20), {}],
      ['of wrong settings', lines, { options: { colour: 'red' } }],
      ['of another compression', lines, { compression: 'Gzip' }],
    ];
    for (const [what, bytes, changes] of cases) {
      const body = Readable.from(inPieces(bytes, 5));
      await collectItems(readRecords({ body }, { ...settings, ...changes }, signal)).catch(reasonOf);
      assert.equal(body.destroyed, true, what);
    }
    const body = Readable.from(inPieces(lines, 5));
    for await (const items of readRecords({ body }, settings, signal)) {
      assert.equal(items.length, 1);
      break;
    }
    assert.equal(body.destroyed, true);
  });
});
