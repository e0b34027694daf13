import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { kindNames, manifestURL } from '../../../crds/names.ts';
import { startControlPlane, type ControlPlane } from '../../support/control-plane/control-plane.ts';
import { connectionManifest, sourceManifest, storeManifest } from '../../support/manifests.ts';
import { runMillrace, type CommandResult } from '../../support/millrace-command.ts';
import { readStatements, startMiniStack, testRegion, type MiniStack } from '../../support/ministack.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import { startPostgres, type PostgresServer } from '../../support/postgres.ts';
import { linesOf, lineOf, sampleConversion } from '../../support/sample-lines.ts';

interface Listed {
  readonly key?: string;
  readonly state?: string;
  readonly row?: number;
  readonly failure?: { readonly reason: string; readonly cure: string };
  readonly records?: { readonly imported: number; readonly rejected: number };
  readonly id?: number;
}

interface Ran {
  readonly files: { readonly done: number; readonly failed: number };
  readonly records: { readonly imported: number };
}

function listed({ code, stdout, stderr }: CommandResult): readonly Listed[] {
  assert.equal(code, 0, stderr);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Listed);
}

suite('what became of files and rows, asked of a cluster', { skip: await reasonToSkipMiniStack() }, () => {
  let folder: string;
  let s3: MiniStack;
  let postgres: PostgresServer;
  let plane: ControlPlane;
  let namespace: string;
  let kubeconfig: string;
  /** Of the local mode, which has ended. */
  let state: string;

  /** An import by the local mode; the same objects then stand in a cluster, whose ledger is the same by its identity. */
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-ledger-'));
    [s3, postgres, plane] = await Promise.all([
      startMiniStack(),
      startPostgres(),
      startControlPlane({ crds: kindNames.map((kind) => fileURLToPath(manifestURL(kind))) }),
    ]);
    namespace = await plane.createNamespace('acme');
    kubeconfig = plane.kubeconfigPath;
    const database = await postgres.createDatabase();
    const bucket = await s3.createBucket();
    await bucket.put('web/a.json.gz', gzipSync(`${lineOf('a', 1)}\nbroken\nbroken too\n`));
    await bucket.put('web/b.json.gz', gzipSync(linesOf('b', 200)));
    await bucket.put('web/c d.json.gz', gzipSync(linesOf('c', 200)).subarray(0, -9));
    const user = await s3.createUser(readStatements(bucket.name));
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
      sourceManifest({ bucket: bucket.name, workers: { lingerSeconds: 0 }, ...sampleConversion }),
      sourceManifest({ bucket: bucket.name, prefix: 'new/' }, { name: 'untouched' }),
    ];
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    const path = join(folder, 'manifests.yaml');
    await writeFile(path, input.replace(/\n---\n[^\n]*untouched[^\n]*$/u, ''));
    state = join(folder, 'state');
    const run = await runMillrace(['run', '-f', path, '-n', namespace, '--until', 'idle', '--state', state]);
    assert.match(run.stdout, /web-events +3 +2 +1/, run.stderr);
    await plane.kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], { input });
  });

  after(async () => {
    await Promise.all([s3?.stop(), postgres?.stop(), plane?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (...args: readonly string[]) =>
    runMillrace([...args, '--kubeconfig', kubeconfig, '-n', namespace, '-o', 'json']);

  test('[C-06] millrace files tells of every file of a source what became of it, with reason and cure', async () => {
    const files = listed(await ask('files', 'web-events'));
    assert.deepEqual(
      files.map(({ key, state, records }) => [key, state, records?.imported, records?.rejected]),
      [
        ['web/a.json.gz', 'done', 1, 2],
        ['web/b.json.gz', 'done', 200, 0],
        ['web/c d.json.gz', 'failed', 0, 0],
      ],
    );
    const [failed, ...others] = listed(await ask('files', 'web-events', '--filter', 'failed'));
    assert.deepEqual(others, []);
    assert.equal(failed?.failure?.reason, 'TruncatedGzip');
    assert.match(failed?.failure?.cure ?? '', /Upload/);
  });

  test('[C-06] the same is told from the state folder of a local mode that has ended', async () => {
    for (const command of ['files', 'rejects', 'runs']) {
      const left = await runMillrace([
        command,
        'web-events',
        '--state',
        state,
        '-n',
        namespace,
        '-o',
        'json',
      ]);
      assert.deepEqual(listed(left), listed(await ask(command, 'web-events')));
    }
  });

  test('lists are read by pages, and say how to go on', async () => {
    const first = await ask('files', 'web-events', '--limit', '2');
    assert.deepEqual(
      listed(first).map(({ key }) => key),
      ['web/a.json.gz', 'web/b.json.gz'],
    );
    assert.equal(first.stderr, 'There are more: go on with --after web/b.json.gz.\n');
    const second = await ask('files', 'web-events', '--after', 'web/b.json.gz');
    assert.deepEqual(
      listed(second).map(({ key }) => key),
      ['web/c d.json.gz'],
    );
    assert.equal(second.stderr, '');
    const [newest] = listed(await ask('rejects', 'web-events', '--limit', '1'));
    const rest = listed(await ask('rejects', 'web-events', '--after', String(newest?.id)));
    assert.deepEqual([newest?.row, ...rest.map(({ row }) => row)], [3, 2]);
  });

  test('[C-06] millrace rejects shows each rejected row with its file, its reason and its text', async () => {
    const args = ['--kubeconfig', kubeconfig, '-n', namespace];
    const { stdout, code } = await runMillrace(['rejects', 'web-events', '--key', 'web/a.json.gz', ...args]);
    assert.equal(code, 0);
    const [heading = '', newest = '', older = ''] = stdout.split('\n');
    assert.match(heading, /^FILE +ROW +COLUMN +REASON +RAW$/);
    assert.match(newest, /^web\/a\.json\.gz +3 .*not valid JSON.*broken too$/);
    assert.match(older, /^web\/a\.json\.gz +2 .*broken$/);
    const none = await ask('rejects', 'web-events', '--key', 'web/b.json.gz');
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, '', 'None found.\n']);
  });

  test('[C-05] millrace runs shows what each run has brought in, also as kubectl millrace', async () => {
    const args = ['runs', 'web-events', '-n', namespace];
    const settings = { program: 'kubectl-millrace', env: { KUBECONFIG: kubeconfig } } as const;
    const { stdout, stderr, code } = await runMillrace(args, settings);
    assert.equal(code, 0, stderr);
    const [heading = '', ...lines] = stdout.trimEnd().split('\n');
    assert.match(heading, /^RUN +STARTED +TOOK +OUTCOME +FILES +FAILED +RECORDS/);
    assert.match(lines.at(-1) ?? '', /^1 +20\d\d-/);
    const runs = listed(await runMillrace([...args, '-o', 'json'], settings)) as unknown as readonly Ran[];
    assert.equal(runs.length, lines.length);
    const sum = (of: (run: Ran) => number) => runs.reduce((total, run) => total + of(run), 0);
    assert.deepEqual(
      [
        sum(({ files }) => files.done),
        sum(({ files }) => files.failed),
        sum(({ records }) => records.imported),
      ],
      [2, 1, 201],
    );
    const older = await runMillrace([...args, '-o', 'json', '--limit', '1'], settings);
    assert.deepEqual(listed(older), runs.slice(0, 1));
  });

  test('a source that the operator has not begun with has nothing to list, and that is no failure', async () => {
    const { code, stdout, stderr } = await ask('files', 'untouched');
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /operator has not begun/);
  });

  test('a source that does not exist, a state that is none and two places at once are told', async () => {
    const absent = await ask('files', 'nobody');
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /s3importsources\.millrace\.dev "nobody" not found/);
    const state = await ask('files', 'web-events', '--filter', 'lost');
    assert.equal(state.code, 2);
    assert.match(state.stderr, /--filter must be one of found, claimed, done, failed/);
    const two = await ask('runs', 'web-events', '--state', folder);
    assert.equal(two.code, 2);
    assert.match(two.stderr, /a cluster is asked for/);
  });

  test('a database that is reached through another address is reached with the same Secret', async () => {
    const { port } = new URL((await postgres.createDatabase()).url);
    const here = listed(await ask('files', 'web-events', '--store-address', `127.0.0.1:${port}`));
    assert.equal(here.length, 3);
    const nowhere = await ask('files', 'web-events', '--store-address', '127.0.0.1:1');
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /StoreUnreachable/);
  });

  test('[I-41] a preview may be of a source that was applied to a cluster', async () => {
    const { stdout, stderr, code } = await ask('preview', 'web-events', '--limit', '1');
    assert.equal(code, 0, stderr);
    const { event } = JSON.parse(stdout) as { readonly event: { readonly insert_id: string } };
    assert.equal(event.insert_id, 'a-1');
  });

  test('[I-56] get and describe read a cluster as kubectl does', async () => {
    const { stdout, code } = await runMillrace(['get', 's3src', '-n', namespace], {
      program: 'kubectl-millrace',
      env: { KUBECONFIG: kubeconfig },
    });
    assert.equal(code, 0);
    assert.match(stdout, /^NAME +READY[^\n]*\nuntouched .*\nweb-events /);
    const told = await runMillrace([
      'describe',
      's3src',
      'web-events',
      '--kubeconfig',
      kubeconfig,
      '-n',
      namespace,
    ]);
    assert.match(told.stdout, /^Name: +web-events\nNamespace: +acme/);
  });

  test('as a plugin of kubectl the command leaves to kubectl what kubectl does', async () => {
    const result = await runMillrace(['apply', '-f', folder], { program: 'kubectl-millrace' });
    assert.equal(result.code, 2);
    assert.match(result.stderr, /^kubectl millrace apply: .*kubectl apply does it/);
  });
});
