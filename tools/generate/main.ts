/**
 * Writes every generated file: `node tools/generate/main.ts`.
 * With `--check` it writes nothing, prints what would change, and ends with 1 if anything would.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { messageOf } from '../../lib/errors.ts';
import { firstDifference } from './first-difference.ts';
import { targets, type Target } from './targets.ts';

const root = new URL('../../', import.meta.url);

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => arg !== '--check');
  if (unknown.length > 0) {
    process.stderr.write(`unknown argument ${unknown[0]}; usage: node tools/generate/main.ts [--check]\n`);
    return 2;
  }
  const check = args.includes('--check');
  let failed = 0;
  for (const target of targets) {
    const trouble = await generate(target, check).catch((error: unknown) => messageOf(error));
    if (trouble === undefined) continue;
    failed += 1;
    process.stderr.write(`${target.path}: ${trouble}\n`);
  }
  if (failed > 0 && check) process.stderr.write('Run `make generate` and commit what it changes.\n');
  return failed > 0 ? 1 : 0;
}

/** Undefined when the file is, or now is, as it should be; else what is wrong. */
async function generate(target: Target, check: boolean): Promise<string | undefined> {
  const url = new URL(target.path, root);
  const filepath = fileURLToPath(url);
  const wanted = await format(await target.render(root), { ...(await resolveConfig(filepath)), filepath });
  const found = await readFile(url, 'utf8').catch(() => undefined);
  if (found === wanted) return undefined;
  if (check) return firstDifference(found, wanted);
  await mkdir(new URL('.', url), { recursive: true });
  await writeFile(url, wanted);
  process.stdout.write(`${target.path}\n`);
  return undefined;
}

process.exitCode = await main(process.argv.slice(2));
