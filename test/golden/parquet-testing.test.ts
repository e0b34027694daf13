import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { linesOf, parquetFilesIn } from '../conformance/read-folder.ts';
import { projectRoot } from '../support/project-files.ts';

/**
 * The public files of Apache's `parquet-testing`, which are not part of this project: `PARQUET_TESTING` says where they
 * are. What is read of each was compared with other readers once, as `docs/conformance.md` says; here it stays what it
 * was. `UPDATE_GOLDEN=1` writes what comes out; compare again before it is kept.
 */
const folder = process.env['PARQUET_TESTING'];
const expectedFile = join(projectRoot, 'test/conformance/parquet-testing.json');
const skip = folder === undefined || !existsSync(folder) ? 'PARQUET_TESTING names no folder of the files' : false;

/** `12 rows, sha256 …` of the records as JSON lines, or `refused: Reason`. */
async function outcomeOf(path: string): Promise<string> {
  const lines = await linesOf(readFileSync(path));
  const last = JSON.parse(lines.at(-1) ?? '{}') as { readonly failure?: { readonly reason: string } };
  if (last.failure !== undefined) return `refused: ${last.failure.reason}`;
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
  return `${lines.length} rows, sha256 ${digest}`;
}

describe("Apache's files for readers of Parquet", () => {
  it('[I-27] are read, or refused, as the page on conformance says', { skip }, async () => {
    const outcomes: Record<string, string> = {};
    for (const name of parquetFilesIn(folder ?? '')) outcomes[name] = await outcomeOf(join(folder ?? '', name));
    if (process.env['UPDATE_GOLDEN'] === '1') {
      writeFileSync(expectedFile, `${JSON.stringify(outcomes, null, 2)}\n`);
    }
    assert.deepEqual(outcomes, JSON.parse(readFileSync(expectedFile, 'utf8')));
  });
});
