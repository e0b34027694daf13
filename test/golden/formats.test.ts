import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TerminalError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { FileFormat, FormatOptions, RecordItem } from '../../worker/formats/format.ts';
import { readBytes } from '../support/format-reading.ts';
import { formats } from '../../worker/formats/registry.ts';
import { inPiecesOf } from '../support/bytes.ts';
import { projectRoot } from '../support/project-files.ts';

/**
 * `<format>/<case>/input` is read with `options.json`, and gives `expected.jsonl`: a line an item, as the item is, and
 * a last line if the file fails as a whole. `UPDATE_GOLDEN=1` writes what comes out; read the difference.
 */
const root = join(projectRoot, 'test/golden/formats');

/** Features of the table that a case shows. */
const rowsOf: Readonly<Record<string, string>> = {
  'JSONLines/events': '[I-25]',
  'JSONLines/utf16-little-endian': '[P-32]',
  'CSV/events': '[I-26] [P-17]',
  'CSV/columns-without-header': '[P-28]',
  'CSV/delimiter-of-two-characters': '[P-29]',
  'CSV/escape-backslash': '[I-26] [P-30]',
  'CSV/quote-apostrophe': '[P-31]',
  'CSV/utf16-little-endian': '[P-32]',
  'CSV/utf16-big-endian': '[P-32]',
  'CSV/header-repeated': '[P-28]',
  'Parquet/events': '[I-27]',
  'Parquet/numbers': '[I-27]',
  'Parquet/times': '[I-27]',
  'Parquet/int96': '[I-27]',
  'Parquet/nested': '[I-27]',
};

async function linesOf(format: FileFormat, options: FormatOptions, bytes: Iterable<Buffer>): Promise<string> {
  const items: (RecordItem | JsonObject)[] = [];
  try {
    for await (const batch of readBytes(format, bytes, options)) items.push(...batch);
  } catch (error) {
    assert.ok(error instanceof TerminalError, String(error));
    items.push({ kind: 'failure', reason: error.reason, message: error.message });
  }
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

for (const [name, format] of Object.entries<FileFormat>(formats)) {
  describe(`golden files of ${name}`, () => {
    for (const example of readdirSync(join(root, name))) {
      const folder = join(root, name, example);
      const rows = rowsOf[`${name}/${example}`];
      it(`${rows === undefined ? '' : `${rows} `}${name} reads ${example} as its golden file says`, async () => {
        const input = readFileSync(join(folder, 'input'));
        const optionsFile = join(folder, 'options.json');
        const options = (
          existsSync(optionsFile) ? JSON.parse(readFileSync(optionsFile, 'utf8')) : {}
        ) as FormatOptions;
        const lines = await linesOf(format, options, [input]);
        const expectedFile = join(folder, 'expected.jsonl');
        if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(expectedFile, lines);
        assert.equal(lines, readFileSync(expectedFile, 'utf8'));
        assert.equal(await linesOf(format, options, inPiecesOf(input, [1])), lines, 'byte by byte');
        assert.equal(await linesOf(format, options, inPiecesOf(input, [3, 1, 7])), lines, 'in pieces');
      });
    }
  });
}
