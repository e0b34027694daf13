import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runMillrace, type CommandResult } from '../../support/millrace-command.ts';
import { readStatements, startMiniStack, testRegion, type MiniStack } from '../../support/ministack.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import { projectRoot } from '../../support/project-files.ts';

let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function linesOf({ stdout }: CommandResult): unknown[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

describe('millrace read', () => {
  it('[I-40] [I-25] prints a line for each row of JSON lines, and rejects with their place, and ends with 0', async () => {
    const result = await runMillrace(['read', file('events.jsonl', '{"a":1}\n\nnope\n{"a":2}\n')]);
    assert.equal(result.stderr, '');
    assert.deepEqual(linesOf(result), [
      { record: { a: 1 }, row: 1 },
      {
        reject: {
          row: 2,
          offset: 9,
          reason: `The row is not valid JSON: Unexpected token 'o', "nope".`,
          raw: 'nope',
        },
      },
      { record: { a: 2 }, row: 3 },
    ]);
    assert.equal(result.code, 0);
  });

  it('[I-40] [I-26] [P-17] [P-28] [P-29] [P-30] [P-31] reads CSV in the dialect that its options say', async () => {
    const path = file('events.txt', `1;'it\\'s; so'\n2;x;y\n`);
    const options = ['--format', 'csv', '--delimiter', ';', '--quote', "'", '--escape', '\\'];
    const result = await runMillrace(['read', path, ...options, '--no-header', '--columns', 'id,note']);
    const [record, reject] = linesOf(result);
    assert.deepEqual(record, { record: { id: '1', note: "it's; so" }, row: 1 });
    assert.match(JSON.stringify(reject), /more fields than the file has columns, 2/);
  });

  it('[I-40] a tab may be written as \\t', async () => {
    const path = file('tabs.csv', 'a\tb\n1\t2\n');
    assert.deepEqual(linesOf(await runMillrace(['read', path, '--delimiter', '\\t'])), [
      { record: { a: '1', b: '2' }, row: 1 },
    ]);
  });

  it('[P-33] [I-28] unzips what is gzip, and tells the format by the name beneath', async () => {
    const path = file('events.csv.gz', gzipSync('a,b\n1,2\n'));
    assert.deepEqual(linesOf(await runMillrace(['read', path])), [{ record: { a: '1', b: '2' }, row: 1 }]);
  });

  it('[I-28] a wrong compression ends with 1, its reason and the cure on stderr', async () => {
    const path = file('zipped.jsonl.gz', gzipSync('{"a":1}\n'));
    const result = await runMillrace(['read', path, '--compression', 'None']);
    assert.equal(result.stdout, '');
    assert.match(
      result.stderr,
      /^millrace read: CompressionMismatch: .*declared as compression None, and is Gzip.* Set compression to Gzip, or to Auto\.\n$/,
    );
    assert.equal(result.code, 1);
  });

  it('[I-40] a file that is broken as a whole ends with 1, behind the rows that could be read', async () => {
    const whole = gzipSync(Buffer.from('{"a":1}\n'.repeat(200_000)), { level: 1 });
    const result = await runMillrace(['read', file('cut.jsonl.gz', whole.subarray(0, -4))]);
    assert.match(result.stderr, /^millrace read: TruncatedGzip: .*Upload the whole file/);
    assert.equal(result.code, 1);
    assert.ok(linesOf(result).length > 0);
  });

  it('[I-40] stops at the limit, and reads standard input', async () => {
    const stdin = '{"a":1}\n'.repeat(5000);
    const result = await runMillrace(['read', '-', '--format', 'JSONLines', '--limit', '3'], { stdin });
    assert.equal(linesOf(result).length, 3);
    assert.equal(result.code, 0);
  });

  it('[I-40] prints a table for the eye, and YAML', async () => {
    const path = file('table.csv', 'name,note\nZoë,"two\nlines"\n\u6771,\na,b,c\n');
    const table = await runMillrace(['read', path, '-o', 'table']);
    assert.deepEqual(
      table.stdout
        .split('\n')
        .slice(0, 4)
        .map((line) => line.replace(/The row.*/, '…')),
      [
        'row   name   note        REJECTED',
        '1     Zoë    two lines',
        '2     東',
        '3                        …',
      ],
    );
    const yaml = await runMillrace(['read', path, '-o', 'yaml', '--limit', '1']);
    assert.equal(yaml.stdout, '---\nrecord:\n  name: Zoë\n  note: |-\n    two\n    lines\nrow: 1\n');
  });

  it('a reader that has seen enough ends it without a word', async () => {
    const path = file('long.jsonl', '{"a":"some text to fill the pipe with"}\n'.repeat(300_000));
    const program = join(projectRoot, 'cli/bin/millrace.js');
    const shell = 'set -o pipefail; "$0" "$1" read "$2" | head -n 1';
    const child = spawn('bash', ['-c', shell, process.execPath, program, path]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual(
      { code, stderr, lines: stdout.split('\n').length - 1 },
      { code: 0, stderr: '', lines: 1 },
    );
  });

  const wrongUses: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    'no file': [['read'], /FILE is missing/],
    'two files': [['read', 'a.csv', 'b.csv'], /one FILE at a time; there is also "b\.csv"/],
    'an unknown option': [
      ['read', 'a.csv', '--delimeter', ';'],
      /no option --delimeter; did you mean --delimiter\?/,
    ],
    'an option without its value': [['read', 'a.csv', '--limit'], /--limit <value>' argument missing/],
    'a limit that is no number': [
      ['read', 'a.csv', '--limit', 'ten'],
      /--limit must be a whole number.*"ten"/,
    ],
    'an unknown format': [
      ['read', 'a.csv', '--format', 'xml'],
      /--format must be one of JSONLines, CSV, Parquet, not "xml"/,
    ],
    'a name that tells no format': [
      ['read', 'a.bin'],
      /does not tell the format; give --format JSONLines\|CSV/,
    ],
    'an unknown output': [['read', 'a.csv', '-o', 'xml'], /--output must be one of json, table, yaml/],
    'an address without a key': [['read', 's3://bucket', '--format', 'CSV'], /write s3:\/\/BUCKET\/KEY/],
    'S3 without credentials': [
      ['read', 's3://bucket/a.csv'],
      /needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/,
    ],
    'a folder': [['read', '.', '--format', 'CSV'], /is a folder; name one file in it/],
    'options that contradict each other': [
      ['read', join(projectRoot, 'package.json'), '--format', 'CSV', '--no-header'],
      /header is false and columns are missing/,
    ],
    'an unknown command': [['reed', 'a.csv'], /there is no command "reed".*did you mean read\?/],
    'no command': [[], /Usage: millrace COMMAND/],
  };
  for (const [what, [args, says]] of Object.entries(wrongUses)) {
    it(`[I-40] ${what} is wrong use: exit code 2, and what would be right`, async () => {
      const result = await runMillrace(args);
      assert.match(result.stderr, says);
      assert.equal(result.stdout, '');
      assert.equal(result.code, 2);
    });
  }

  it('a file that is not there ends with 1', async () => {
    const result = await runMillrace(['read', join(folder, 'gone.csv')]);
    assert.match(result.stderr, /gone\.csv cannot be read: there is no such file\.\n$/);
    assert.equal(result.code, 1);
  });

  it('every command explains itself with --help, on stdout, without colours', async () => {
    const list = await runMillrace(['--help']);
    const names = [...list.stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = '']) => name);
    assert.ok(names.includes('read') && names.includes('convert'), list.stdout);
    for (const name of names) {
      const { code, stdout, stderr } = await runMillrace([name, '--help']);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.match(stdout, new RegExp(`Usage: millrace ${name}[ \\n]`));
      assert.ok(!stdout.includes('\u001b'));
      assert.ok(stdout.split('\n').every((line) => line.length <= 120));
    }
  });

  it('--version prints the version', async () => {
    assert.match((await runMillrace(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe('millrace read from S3', { skip: await reasonToSkipMiniStack() }, () => {
  let server: MiniStack;

  before(async () => {
    server = await startMiniStack();
  });

  after(async () => {
    await server?.stop();
  });

  it('[I-40] reads an object with the credentials of the environment', async () => {
    const bucket = await server.createBucket();
    const user = await server.createUser(readStatements(bucket.name));
    const key = 'web/a b+c?#.jsonl.gz';
    await bucket.put(key, gzipSync('{"a":1}\n{"a":2}\n'), { contentEncoding: 'gzip' });
    const env = {
      AWS_ACCESS_KEY_ID: user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      AWS_REGION: testRegion,
      AWS_ENDPOINT_URL_S3: server.endpoint,
    };
    const found = await runMillrace(['read', `s3://${bucket.name}/${key}`], { env });
    assert.equal(found.stderr, '');
    assert.deepEqual(linesOf(found), [
      { record: { a: 1 }, row: 1 },
      { record: { a: 2 }, row: 2 },
    ]);
    const gone = await runMillrace(['read', `s3://${bucket.name}/gone.csv`], { env });
    assert.match(gone.stderr, /^millrace read: ObjectNotFound: The object is not in bucket/);
    assert.equal(gone.code, 1);
    const other = await server.createBucket();
    const denied = await runMillrace(['read', `s3://${other.name}/a.csv`], { env });
    assert.match(denied.stderr, /^millrace read: ReadDenied: arn:aws:iam::\S+ may not s3:GetObject/);
    assert.equal(denied.code, 1);
    const { AWS_REGION: _, ...withoutRegion } = env;
    const nowhere = await runMillrace(['read', `s3://${bucket.name}/${key}`], { env: withoutRegion });
    assert.match(nowhere.stderr, /needs AWS_REGION/);
    assert.equal(nowhere.code, 2);
  });
});

describe('millrace convert', () => {
  const converter = {
    convertToAmplitudeFunc: {
      event_type: 'event',
      user_id: 'uid',
      time: ['value', 1_700_000_000_000],
      event_properties: 'props',
      $ignore_event: ['equals', 'event', ['value', 'noise']],
    },
    ignoreEventFlag: '$ignore_event',
  };

  function converterFile(): string {
    return file('converter.json', JSON.stringify(converter));
  }

  const records = [
    '{"event":"click","uid":"user-1","props":{"a":1}}',
    '{"event":"view"}',
    'nope',
    '{"event":"buy","uid":"user-2"}',
  ].join('\n');

  it('[I-41] prints each record beside its event, or why there is none', async () => {
    const result = await runMillrace([
      'convert',
      '--converter',
      converterFile(),
      file('records.jsonl', records),
    ]);
    assert.equal(result.code, 0, result.stderr);
    const [click, view, nope, buy] = linesOf(result) as Record<string, unknown>[];
    assert.deepEqual(click?.['record'], { event: 'click', uid: 'user-1', props: { a: 1 } });
    const event = click?.['event'] as Record<string, unknown>;
    assert.deepEqual(
      [event['event_type'], event['user_id'], event['event_properties']],
      ['click', 'user-1', { a: 1 }],
    );
    assert.match(String(view?.['reject']), /neither user_id nor device_id/);
    assert.equal((nope?.['reject'] as { row: number } | undefined)?.row, 3);
    assert.ok(buy?.['event'] !== undefined);
  });

  it('[I-41] takes what millrace read prints, through a pipe, rejected rows too', async () => {
    const read = await runMillrace(['read', file('piped.jsonl', records)]);
    const direct = await runMillrace(['convert', '--converter', converterFile(), '-'], { stdin: records });
    const piped = await runMillrace(['convert', '--converter', converterFile()], { stdin: read.stdout });
    assert.equal(piped.code, 0);
    assert.deepEqual(linesOf(piped), linesOf(direct));
  });

  it('[I-41] stops at the limit, and prints a table', async () => {
    const args = ['convert', '--converter', converterFile(), '--limit', '2', '-o', 'table'];
    const { stdout } = await runMillrace(args, { stdin: records });
    const [heading = '', event = '', reject = ''] = stdout.split('\n');
    assert.match(heading, /^outcome +/);
    assert.match(event, /^event +/);
    assert.match(reject, /^reject +/);
  });

  it('[I-41] a converter may be written in YAML', async () => {
    const path = file(
      'converter.yaml',
      'convertToAmplitudeFunc:\n  event_type: event\n  user_id: uid\n  time: [value, 1700000000000]\n',
    );
    const result = await runMillrace(['convert', '--converter', path, '--limit', '1'], { stdin: records });
    assert.equal(result.code, 0, result.stderr);
    assert.ok((linesOf(result)[0] as { event?: unknown }).event !== undefined);
  });

  it('[I-41] [I-35] a converter that does not load ends with 2, with every error and its path', async () => {
    const path = file(
      'wrong.json',
      '{"convertToAmplitudeFunc":{"event_type":["lowercas","event"],"user_id":5}}',
    );
    const result = await runMillrace(['convert', '--converter', path], { stdin: records });
    assert.match(result.stderr, /wrong\.json does not load:/);
    assert.match(result.stderr, /\n {2}convertToAmplitudeFunc\.event_type\[0\]: .*lowercas/);
    assert.match(result.stderr, /\n {2}convertToAmplitudeFunc\.user_id: /);
    assert.equal(result.stdout, '');
    assert.equal(result.code, 2);
  });

  it('[I-41] a converter that is no document, and none at all, are wrong use', async () => {
    const path = file('no-document.json', '{"convertToAmplitudeFunc":');
    const broken = await runMillrace(['convert', '--converter', path]);
    assert.match(broken.stderr, /is neither JSON nor YAML/);
    assert.equal(broken.code, 2);
    const none = await runMillrace(['convert', file('r.jsonl', records)]);
    assert.match(none.stderr, /--converter FILE is missing/);
    assert.equal(none.code, 2);
  });
});
