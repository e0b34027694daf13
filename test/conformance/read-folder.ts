/**
 * Reads every file of a folder (and of the folders below it) as Parquet and writes, under the same names in another
 * folder, the records as JSON lines; a file that fails gets a last line `{"failure":{"reason","message"}}`.
 *
 *     node test/conformance/read-folder.ts FOLDER OUTPUT
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, reasonOf } from '../../lib/errors.ts';
import { parquet } from '../../worker/formats/parquet/parquet.ts';
import { fileOf, randomAccessContext } from '../support/format-reading.ts';

/** Of a file with more, only the first are kept. */
const maxRows = 20_000;

export async function linesOf(bytes: Buffer): Promise<readonly string[]> {
  const lines: string[] = [];
  try {
    for await (const items of parquet.read(fileOf(bytes), {}, randomAccessContext())) {
      for (const item of items) {
        lines.push(JSON.stringify(item.kind === 'record' ? item.record : { reject: item.reason }));
      }
      if (lines.length >= maxRows) break;
    }
  } catch (error) {
    lines.push(JSON.stringify({ failure: { reason: reasonOf(error), message: messageOf(error) } }));
  }
  return lines;
}

export function parquetFilesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.parquet(\.encrypted)?$/.test(name))
    .toSorted();
}

if (import.meta.main) {
  const [folder, output] = process.argv.slice(2);
  if (folder === undefined || output === undefined) throw new Error('give FOLDER and OUTPUT');
  for (const name of parquetFilesIn(folder)) {
    const target = join(output, `${name}.jsonl`);
    mkdirSync(dirname(target), { recursive: true });
    const lines = await linesOf(readFileSync(join(folder, name)));
    writeFileSync(target, lines.map((line) => `${line}\n`).join(''));
  }
}
