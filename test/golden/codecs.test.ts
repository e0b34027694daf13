import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TerminalError } from '../../lib/errors.ts';
import { codecs } from '../../worker/codecs/registry.ts';
import { collectBytes, inPiecesOf, readContext, watchedBytes } from '../support/bytes.ts';
import { projectRoot } from '../support/project-files.ts';

/**
 * `<codec>/<case>/input` decodes to `expected`, or fails as `failure.txt` says. `UPDATE_GOLDEN=1` writes what comes out;
 * read the difference.
 */
const root = join(projectRoot, 'test/golden/codecs');

for (const name of readdirSync(root) as (keyof typeof codecs)[]) {
  describe(`golden files of the codec ${name}`, () => {
    for (const example of readdirSync(join(root, name))) {
      const folder = join(root, name, example);
      it(`[I-28] the codec ${name} makes of ${example} what its golden file says`, async () => {
        const input = readFileSync(join(folder, 'input'));
        for (const sizes of [[input.length], [1], [5, 2]]) {
          const decoded = codecs[name].decode(watchedBytes(inPiecesOf(input, sizes)), readContext());
          const { file, content } = await collectBytes(decoded).then(
            (bytes) => ({ file: 'expected', content: bytes }),
            (error: unknown) => {
              assert.ok(error instanceof TerminalError, String(error));
              return { file: 'failure.txt', content: Buffer.from(`${error.reason}: ${error.message}\n`) };
            },
          );
          const path = join(folder, file);
          if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, content);
          assert.ok(existsSync(path), `${example} should not end as ${file}: ${content.toString()}`);
          assert.deepEqual(content, readFileSync(path));
        }
      });
    }
  });
}
