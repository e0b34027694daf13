import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { gzipSync } from 'node:zlib';
import { init } from '../../../cli/commands/init.ts';
import { parseArguments } from '../../../cli/parse-arguments.ts';
import { applyManifests } from '../../../cli/local/apply-manifests.ts';
import { loadManifests } from '../../../cli/manifests.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { systemClock } from '../../../lib/clock.ts';
import { createApiClient } from '../../../operator/runtime/api-client.ts';
import { startMemoryApi } from '../../support/memory-api.ts';
import { runMillrace } from '../../support/millrace-command.ts';
import { linesOf } from '../../support/sample-lines.ts';

interface SourceSpec extends JsonObject {
  readonly files: JsonObject;
  readonly conversion: { readonly amplitude: { readonly convertToAmplitudeFunc: JsonObject } };
}

function sourceOf(text: string): SourceSpec {
  const documents = parseAllDocuments(text).map((document) => document.toJS() as JsonObject);
  const source = documents.find(({ kind }) => kind === 'S3ImportSource');
  return source?.['spec'] as SourceSpec;
}

suite('millrace init source', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-init-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function file(name: string, content: string | Buffer): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  }

  test('[I-30] makes manifests from a file that the API takes as they are', async (t) => {
    const sample = await file('web.json.gz', gzipSync(linesOf('a', 2)));
    const made = await runMillrace(['init', 'source', sample, '--prefix', 'web', '--bucket', 'acme-events']);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /^JSONLines, compression Gzip\. Of 2 rows of the sample 2 become events\.\n$/);
    const { prefix, files, conversion } = sourceOf(made.stdout);
    assert.equal(prefix, 'web/');
    assert.deepEqual(files, {
      pattern: { regex: '.*\\.json\\.gz' },
      format: 'JSONLines',
      compression: 'Gzip',
    });
    assert.deepEqual(conversion.amplitude.convertToAmplitudeFunc, {
      event_type: 'event',
      user_id: 'uid',
      time: 'ms',
      insert_id: 'id',
      event_properties: { n: 'n' },
    });
    const api = startMemoryApi();
    t.after(() => api.stop());
    const client = createApiClient({ transport: api.transport, clock: systemClock, fieldManager: 'test' });
    const manifests = await loadManifests([await file('made.yaml', made.stdout)]);
    const applied = await applyManifests(client, manifests, 'default', new AbortController().signal);
    assert.deepEqual(
      applied.map(({ type }) => type.kind),
      ['S3Connection', 'EventStore', 'S3ImportSource'],
    );
  });

  test('[I-26, I-30] takes the dialect of CSV over, and leaves out what exists', async () => {
    const sample = await file('shop.csv', 'When;Login;What\n1/2/2026 3:04;user-1;"buy;now"\n');
    const args = [
      '--connection',
      'mine',
      '--store',
      'ours',
      '--map',
      'event_type=What',
      '--map',
      'user_id=Login',
    ];
    const made = await runMillrace(['init', 'source', sample, ...args, '--map', 'time=When']);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(made.stdout.includes('kind: S3Connection'), false);
    const { files, conversion } = sourceOf(made.stdout);
    assert.deepEqual(files['csv'], { delimiter: ';' });
    assert.deepEqual(conversion.amplitude.convertToAmplitudeFunc, {
      event_type: 'What',
      user_id: 'Login',
      time: ['parse_time_to_ms', 'M/d/yyyy H:mm', 'When'],
    });
    assert.match(made.stderr, /Of 1 rows of the sample 1 become events/);
  });

  test('[I-30] says what does not become an event, and why', async () => {
    const sample = await file('odd.jsonl', '{"event":"a"}\nnope\n');
    const { code, stderr } = await runMillrace(['init', 'source', sample]);
    assert.equal(code, 0);
    assert.match(
      stderr,
      /1 rows of the sample 0 become events\. .*neither user_id nor device_id.* 1 rows could not/,
    );
  });

  test('[I-30] a sample of another format, a damaged or an empty one, is told', async () => {
    for (const [name, content, message] of [
      ['a.parquet', Buffer.from('PAR1\u0015\0\0\0', 'latin1'), /CorruptParquet: The Parquet file is damaged/],
      ['a.avro', Buffer.from('Obj\u0001\0\0', 'latin1'), /FormatMismatch: The sample is Avro/],
      ['empty.jsonl', '', /FormatMismatch: The sample is empty/],
    ] as const) {
      const { code, stderr, stdout } = await runMillrace(['init', 'source', await file(name, content)]);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
    assert.equal((await runMillrace(['init', 'sauce'])).code, 2);
  });

  /** A person at a terminal, who types these lines. */
  async function asked(sample: string, typed: readonly string[]) {
    const written = { out: '', err: '' };
    const output = (stream: 'out' | 'err') => ({
      isTerminal: stream === 'err',
      columns: 80,
      write: (text: string) => {
        written[stream] += text;
        return Promise.resolve();
      },
    });
    const stdin = Object.assign(Readable.from(typed.map((line) => `${line}\n`)), { isTTY: true });
    const io = { stdin, stdout: output('out'), stderr: output('err') };
    const config = { aws: {} } as never;
    const deps = {
      program: 'millrace',
      config,
      clock: systemClock,
      signal: new AbortController().signal,
    } as const;
    const code = await init.run(parseArguments(['source', sample], init.options), io, deps);
    return { code, ...written };
  }

  test('[I-43] on a terminal it asks which column is which, and takes no column that is not there', async () => {
    const sample = await file(
      'ask.jsonl',
      '{"event":"a","login":"user-1","other":"user-2","ts":1767225600}\n',
    );
    const { code, out, err } = await asked(sample, ['', 'othr', 'other', '-', '', '-']);
    assert.equal(code, 0);
    assert.match(err, /user_id \(.*\) \[login\]: {3}There is no column "othr"\.\n/);
    assert.deepEqual(sourceOf(out).conversion.amplitude.convertToAmplitudeFunc, {
      event_type: 'event',
      user_id: 'other',
      time: ['multiply', 'ts', ['value', 1000]],
      event_properties: { login: 'login' },
    });
  });
});
