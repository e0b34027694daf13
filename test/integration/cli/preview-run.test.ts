import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { runMillrace } from '../../support/millrace-command.ts';
import type { SpecChanges } from '../../support/manifests.ts';
import { connectionManifest, sourceManifest, storeManifest } from '../../support/manifests.ts';
import {
  readStatements,
  startMiniStack,
  testRegion,
  type MiniStack,
  type TestBucket,
} from '../../support/ministack.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.ts';
import { projectRoot } from '../../support/project-files.ts';
import { linesOf, lineOf, sampleConversion } from '../../support/sample-lines.ts';

const patienceMs = 120_000;

describe(
  'millrace preview and millrace run, without a cluster',
  { skip: await reasonToSkipMiniStack() },
  () => {
    let folder: string;
    let s3: MiniStack;
    let postgres: PostgresServer;
    let database: TestDatabase;
    let bucket: TestBucket;
    let secrets: readonly string[];

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'));
      [s3, postgres] = await Promise.all([startMiniStack(), startPostgres()]);
      database = await postgres.createDatabase();
      bucket = await s3.createBucket();
      await bucket.put('web/a.json.gz', gzipSync(`${lineOf('a', 1)}\nbroken\n${lineOf('a', 3)}\n`));
      await bucket.put('web/b.json.gz', gzipSync(linesOf('b', 2_000)));
    });

    after(async () => {
      await Promise.all([s3?.stop(), postgres?.stop()]);
      await rm(folder, { recursive: true, force: true });
    });

    /** Writes manifests of the usual world into a file; its path. */
    async function manifestsOf(name: string, source: SpecChanges): Promise<string> {
      const user = await s3.createUser(readStatements(bucket.name));
      secrets = [user.secretAccessKey, database.url];
      const secret = (name: string, stringData: object) => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name },
        stringData,
      });
      const objects = [
        secret('lake-keys', { accessKeyID: user.accessKeyId, secretAccessKey: user.secretAccessKey }),
        secret('analytics-db', { url: database.url }),
        connectionManifest({ region: testRegion, endpoint: s3.endpoint, forcePathStyle: true }),
        storeManifest(),
        sourceManifest({
          bucket: bucket.name,
          workers: { lingerSeconds: 1 },
          ...sampleConversion,
          ...source,
        }),
      ];
      const path = join(folder, `${name}.yaml`);
      await writeFile(path, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
      return path;
    }

    /** Sessions that workers have with the database. */
    async function workers(): Promise<number> {
      const [row] = await database.sql<{ n: number }>(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'millrace-worker%' AND datname = current_database()",
      );
      return row?.n ?? 0;
    }

    it('[C-03, I-41] shows the first records of a real object beside their events, before anything is imported', async () => {
      const path = await manifestsOf('preview', {});
      const { code, stdout, stderr } = await runMillrace(['preview', '-f', path, '--limit', '3']);
      assert.equal(code, 0, stderr);
      const [first, second, third] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(Object.keys(first ?? {}), ['row', 'record', 'event']);
      assert.equal((first?.['event'] as { insert_id: string } | undefined)?.insert_id, 'a-1');
      assert.equal((second?.['reject'] as { row: number } | undefined)?.row, 2);
      assert.equal(third?.['row'], 3);
      const tables = await database.sql("SELECT 1 FROM pg_tables WHERE schemaname = 'millrace'");
      assert.deepEqual(tables, []);
    });

    it('[I-57] preview --all is a dry run: every file is read, what would become of it is counted, and nothing is stored', async () => {
      await bucket.put('dry/a.json', `${lineOf('a', 1)}\nbroken\n{"uid":"user-1"}\n{"uid":"user-2"}\n`);
      await bucket.put('dry/b.json.gz', gzipSync(linesOf('b', 300)));
      await bucket.put('dry/c.json.gz', gzipSync(linesOf('c', 300)).subarray(0, -9));
      const path = await manifestsOf('dry', {
        prefix: 'dry/',
        files: { format: 'JSONLines', compression: 'Auto' },
      });
      const { code, stdout, stderr } = await runMillrace(['preview', '-f', path, '--all']);
      assert.equal(code, 1, 'one file is unreadable');
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const files = lines.filter((line) => 'events' in line);
      assert.deepEqual(
        files.map(({ key, rows, events, rejected, failure }) => [
          key,
          rows === events || [rows, events, rejected],
          (failure as { reason: string } | undefined)?.reason,
        ]),
        [
          ['dry/a.json', [4, 1, 3], undefined],
          ['dry/b.json.gz', true, undefined],
          ['dry/c.json.gz', true, 'TruncatedGzip'],
        ],
      );
      const [most, other] = lines.filter((line) => 'reason' in line);
      assert.match(String(most?.['reason']), /^event_type has no value/);
      assert.deepEqual(
        [most?.['kind'], most?.['rows'], most?.['key'], most?.['row']],
        ['reject', 2, 'dry/a.json', 3],
      );
      assert.match(String(other?.['reason']), /not valid JSON/);
      assert.match(stderr, /3 files, 1 of them unreadable; .* 3 rejected\.\n$/);
      assert.deepEqual(await database.sql("SELECT 1 FROM pg_tables WHERE schemaname = 'millrace'"), []);
      const two = await runMillrace(['preview', '-f', path, '--all', '--files', '2', '-o', 'table']);
      assert.equal(two.code, 0, two.stderr);
      assert.match(two.stdout, /^FILE +ROWS +EVENTS +SKIPPED +REJECTED[^\n]*\ndry\/a\.json +4 +1 +0 +3\n/);
      const wrong = await runMillrace(['preview', '-f', path, '--all', '--limit', '2']);
      assert.equal(wrong.code, 2);
    });

    it('[I-45] a field that no event has is warned about in a preview', async () => {
      const conversion = { amplitude: { convertToAmplitudeFunc: { event_type: 'event', usr_id: 'uid' } } };
      const { stderr } = await runMillrace(['preview', '-f', await manifestsOf('warned', { conversion })]);
      assert.match(stderr, /^millrace preview: warning: convertToAmplitudeFunc\.usr_id: .*user_id/m);
    });

    it('[I-40] a key that does not exist is told with its reason, and ends with 1', async () => {
      const path = await manifestsOf('absent', {});
      const { code, stderr } = await runMillrace(['preview', '-f', path, '--key', 'web/none.json']);
      assert.equal(code, 1);
      assert.match(stderr, /ObjectNotFound/);
    });

    it('[I-01, C-07, C-10] run --until idle imports every file once, also when it is run again', async () => {
      const path = await manifestsOf('run', {});
      const state = join(folder, 'state');
      for (let round = 1; round <= 2; round += 1) {
        const { code, stdout, stderr } = await runMillrace([
          'run',
          '-f',
          path,
          '--until',
          'idle',
          '--state',
          state,
          '--verbose',
        ]);
        assert.equal(code, 0, stderr);
        for (const secret of secrets)
          assert.equal(`${stdout}${stderr}`.includes(secret), false, 'a secret is printed');
        const [events] = await database.sql<{ n: number; ids: number }>(
          'SELECT count(*)::int AS n, count(DISTINCT insert_id)::int AS ids FROM millrace.events',
        );
        assert.deepEqual(events, { n: 2_002, ids: 2_002 });
        assert.match(stdout, /web-events\s+2\s+2\s+0\s+0\s+0\s+2002\s+0\s+1\s+0/);
      }
      assert.equal((await readdir(state)).includes('api.sock'), false);
    });

    it('run --until idle ends with 1 and the reason when a converter does not compile', async () => {
      const conversion = { amplitude: { convertToAmplitudeFunc: { event_type: ['nonsense', 'x'] } } };
      const path = await manifestsOf('invalid', { conversion });
      const { code, stdout } = await runMillrace([
        'run',
        '-f',
        path,
        '--until',
        'idle',
        '--state',
        join(folder, 'state-2'),
      ]);
      assert.equal(code, 1);
      assert.match(stdout, /ConverterInvalid/);
      assert.match(stdout, /convertToAmplitudeFunc\.event_type/);
    });

    it('[C-06] run --until idle ends soon, with the reason, when the access key is unknown or the password wrong', async () => {
      const manifests = await manifestsOf('refused.yaml', sampleConversion);
      // The schema of the tests before is in the hands of another installation for a while.
      const own = await postgres.createDatabase();
      const text = (await readFile(manifests, 'utf8')).replace(database.url, own.url);
      const url = new URL(own.url);
      url.password = 'wrong';
      const cases = [
        [
          'unknown-key',
          'InvalidAccessKeyId',
          'check accessKeyID',
          text.replace(/"accessKeyID":"[^"]*"/, '"accessKeyID":"AKIAUNKNOWN"'),
        ],
        [
          'wrong-password',
          'StoreAuthenticationFailed',
          'read again when the Secret changes',
          text.replace(own.url, url.href),
        ],
      ] as const;
      for (const [name, reason, cure, changed] of cases) {
        assert.notEqual(changed, text);
        const file = join(folder, `${name}.yaml`);
        await writeFile(file, changed);
        const begun = performance.now();
        const args = [
          'run',
          '-f',
          file,
          '--until',
          'idle',
          '--state',
          join(folder, name),
          '--patience',
          '10m',
        ];
        const { code, stdout } = await runMillrace(args);
        assert.equal(code, 1, stdout);
        assert.match(stdout, new RegExp(`: ${reason}: .*${cure}`));
        assert.ok(performance.now() - begun < 5 * 60_000, 'it waited for its patience');
      }
    });

    it('[C-07] workers end soon after their millrace run was killed, and no Secret of theirs is left', async () => {
      await bucket.put('web/c.json.gz', gzipSync(linesOf('c', 10)));
      const path = await manifestsOf('killed', { workers: { lingerSeconds: 300 } });
      const state = join(folder, 'state-killed');
      const args = [join(projectRoot, 'cli/bin/millrace.js'), 'run', '-f', path, '--state', state];
      const runner = spawn(process.execPath, args, { stdio: 'ignore' });
      const ended = once(runner, 'exit');
      try {
        await waitUntil('a worker waits for more', patienceMs, async () => (await workers()) > 0);
      } finally {
        runner.kill('SIGKILL');
      }
      await ended;
      await waitUntil('no worker is left', patienceMs, async () => (await workers()) === 0);
      const again = await runMillrace(['run', '-f', path, '--until', 'idle', '--state', state]);
      assert.equal(again.code, 0, again.stderr);
      assert.deepEqual(await readdir(join(state, 'pods')), []);
    });

    it('[C-02] a manifest that the API refuses is told with its file and line, and nothing is begun', async () => {
      const path = await manifestsOf('refused', { prefix: '/wrong' });
      const { code, stderr } = await runMillrace([
        'run',
        '-f',
        path,
        '--until',
        'idle',
        '--state',
        join(folder, 'state-3'),
      ]);
      assert.equal(code, 1);
      assert.match(stderr, /refused\.yaml:\d+: .*must be empty, or end with \//s);
    });
  },
);
