import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import { UsageError, type Command } from '../../../cli/command.ts';
import { apply } from '../../../cli/commands/apply.ts';
import { deleteCommand } from '../../../cli/commands/delete.ts';
import { describe } from '../../../cli/commands/describe.ts';
import { get } from '../../../cli/commands/get.ts';
import { startLocalCluster, type LocalCluster } from '../../../cli/local/local-cluster.ts';
import { parseArguments } from '../../../cli/parse-arguments.ts';
import { systemClock } from '../../../lib/clock.ts';
import { TerminalError } from '../../../lib/errors.ts';
import { runtimeDeps } from '../../support/runtime-deps.ts';
import { patchContentTypes } from '../../../operator/runtime/transport.ts';
import { connectionManifest, sourceManifest } from '../../support/manifests.ts';

/** What a person sees of a command. */
interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

suite('commands that speak to a running local mode', () => {
  let folder: string;
  let stateDir: string;
  let cluster: LocalCluster;
  const start = () =>
    startLocalCluster({
      stateDir,
      command: () => ['/bin/false', []],
      environment: {},
      clock: systemClock,
      log: runtimeDeps().log,
    });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-commands-'));
    stateDir = join(folder, 'state');
    cluster = await start();
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function millrace(command: Command, ...argv: readonly string[]): Promise<Outcome> {
    const written = { out: '', err: '' };
    const into = (stream: 'out' | 'err') => ({
      isTerminal: false,
      columns: 80,
      write: (text: string) => {
        written[stream] += text;
        return Promise.resolve();
      },
    });
    const io = { stdin: Readable.from([]), stdout: into('out'), stderr: into('err') };
    const args = parseArguments([...argv, '--state', stateDir], command.options);
    const deps = {
      program: 'millrace' as const,
      config: {} as never,
      clock: systemClock,
      signal: new AbortController().signal,
    };
    return { code: await command.run(args, io, deps), ...written };
  }

  async function file(name: string, ...manifests: readonly object[]): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'));
    return path;
  }

  async function writeStatus(plural: string, name: string, body: object): Promise<void> {
    const answer = await cluster.transport.request({
      method: 'PATCH',
      path: `/apis/millrace.dev/v1alpha1/namespaces/default/${plural}/${name}/status`,
      query: { fieldManager: 'test' },
      headers: { 'content-type': patchContentTypes.merge },
      body,
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  function condition(type: string, status: string, reason: string, message: string) {
    return {
      type,
      status,
      reason,
      message,
      lastTransitionTime: '2026-11-23T18:00:00Z',
      observedGeneration: 1,
    };
  }

  test('apply says what it did to each object, in the words of kubectl', async () => {
    const path = await file('apply.yaml', connectionManifest({}, { name: 'applied' }));
    const lines = async () => (await millrace(apply, '-f', path)).out;
    assert.equal(await lines(), 's3connection.millrace.dev/applied created\n');
    assert.equal(await lines(), 's3connection.millrace.dev/applied unchanged\n');
    await file('apply.yaml', connectionManifest({ displayName: 'Lake' }, { name: 'applied' }));
    assert.equal(await lines(), 's3connection.millrace.dev/applied configured\n');
    assert.deepEqual(await millrace(apply, '-f', path, '-n', 'acme'), {
      code: 0,
      out: 'namespace/acme created\ns3connection.millrace.dev/applied created\n',
      err: '',
    });
  });

  test('apply of an object that is refused names the file, the line, and every mistake', async () => {
    const path = await file(
      'refused.yaml',
      connectionManifest({}, { name: 'fine' }),
      connectionManifest({ region: 'US EAST', endpoint: 'ftp://x' }, { name: 'wrong' }),
    );
    await assert.rejects(millrace(apply, '-f', path), (error: unknown) => {
      assert.ok(error instanceof TerminalError);
      assert.ok(error.message.startsWith(`${path}:3: `), error.message);
      assert.match(error.message, /spec\.region/u);
      assert.match(error.message, /spec\.endpoint/u);
      return true;
    });
  });

  test('[I-56] get lists the sources with their state', async () => {
    const names = ['web', 'app'];
    const sources = names.map((name) => sourceManifest({ bucket: `acme-${name}` }, { name }));
    await millrace(apply, '-f', await file('sources.yaml', ...sources), '-n', 'default');
    await writeStatus('s3importsources', 'web', {
      status: {
        observedGeneration: 1,
        conditions: [condition('Ready', 'False', 'PermissionDenied', 'may not s3:GetObject')],
        files: { found: 7, imported: 4, pending: 3 },
      },
    });
    const { code, out } = await millrace(get, 's3src');
    assert.equal(code, 0);
    const [headings = '', ...rows] = out.trimEnd().split('\n');
    assert.match(headings, /^NAME +READY +REASON +BUCKET +PREFIX +/u);
    assert.match(rows[0] ?? '', /^app +acme-app +web\/ /u);
    assert.match(rows[1] ?? '', /^web +False +PermissionDenied +acme-web +web\/ .* 4 .*\ds$/u);
    const wide = await millrace(get, 's3importsources.millrace.dev', '-o', 'wide');
    assert.match(wide.out, /may not s3:GetObject/u);
  });

  test('get reads one object, several kinds, a category and every namespace, as kubectl does', async () => {
    const path = await file(
      'connections.yaml',
      connectionManifest({}, { name: 'one' }),
      connectionManifest({}, { name: 'two', namespace: 'far' }),
    );
    await millrace(apply, '-f', path);
    const yaml = parse((await millrace(get, 's3connection/one', '-o', 'yaml')).out) as {
      metadata: object;
      kind: string;
    };
    assert.equal(yaml.kind, 'S3Connection');
    assert.equal('managedFields' in yaml.metadata, false);
    const list = JSON.parse((await millrace(get, 's3conn', 'one', 'one', '-o', 'json')).out) as {
      items: object[];
    };
    assert.equal(list.items.length, 2);
    assert.match((await millrace(get, 'millrace')).out, /^s3connection\/one /mu);
    assert.match((await millrace(get, 'S3Connection', '-A')).out, /^far +two /mu);
    assert.deepEqual(await millrace(get, 'secrets'), {
      code: 0,
      out: '',
      err: 'No resources found in default namespace.\n',
    });
  });

  test('a kind that does not exist is wrong use, with the one that was meant', async () => {
    await assert.rejects(millrace(get, 's3conection'), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /did you mean s3connection/u);
      return true;
    });
    await assert.rejects(millrace(get, 's3conn', '-o', 'xml'), UsageError);
    await assert.rejects(millrace(get), UsageError);
    await assert.rejects(millrace(apply), UsageError);
    await assert.rejects(millrace(deleteCommand, 's3conn'), UsageError);
  });

  test('an object that does not exist is a failure', async () => {
    await assert.rejects(
      millrace(get, 's3conn', 'nobody'),
      /s3connections\.millrace\.dev "nobody" not found/u,
    );
    assert.deepEqual(await millrace(deleteCommand, 's3conn', 'nobody'), {
      code: 1,
      out: '',
      err: 's3connection.millrace.dev "nobody" not found\n',
    });
    assert.equal((await millrace(deleteCommand, 's3conn', 'nobody', '--ignore-not-found')).code, 0);
  });

  test('describe tells conditions with their messages, the spec and the events, and no secret', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys' },
      stringData: { password: 'hush' },
    };
    await millrace(
      apply,
      '-f',
      await file('described.yaml', connectionManifest({}, { name: 'told' }), secret),
    );
    await writeStatus('s3connections', 'told', {
      status: {
        observedGeneration: 1,
        conditions: [condition('Ready', 'False', 'SecretNotFound', 'Create the Secret keys.')],
      },
    });
    const { out } = await millrace(describe, 's3connection', 'told');
    assert.match(
      out,
      /^Name: +told\nNamespace: +default\nKind: +S3Connection \(millrace\.dev\/v1alpha1\)\n/u,
    );
    assert.match(out, /Generation: +1, observed 1\n/u);
    assert.match(out, /Ready +False +SecretNotFound +\d+\w+\n {4}Create the Secret keys\.\n/u);
    assert.match(out, /\nSpec:\n {2}region: us-east-1\n/u);
    assert.match(out, /\nEvents:\n {2}none\n$/u);
    const told = (await millrace(describe, 'secret', 'keys')).out;
    assert.match(told, /password: 4 bytes/u);
    assert.doesNotMatch(told, /hush|aHVzaA/u);
  });

  test('delete waits until the objects of manifests are gone, or tells what holds one', async () => {
    const path = await file(
      'doomed.yaml',
      connectionManifest({}, { name: 'a' }),
      connectionManifest({}, { name: 'b' }),
    );
    await millrace(apply, '-f', path);
    assert.deepEqual(await millrace(deleteCommand, '-f', path), {
      code: 0,
      out: 's3connection.millrace.dev "b" deleted\ns3connection.millrace.dev "a" deleted\n',
      err: '',
    });
    const held = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', finalizers: ['a.dev/keep'] },
    };
    await millrace(apply, '-f', await file('held.yaml', held));
    await assert.rejects(millrace(deleteCommand, 'cm/held', '--timeout', '1s'), /not gone yet/u);
    const free = [{ op: 'remove', path: '/metadata/finalizers' }];
    await cluster.transport.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/configmaps/held',
      headers: { 'content-type': patchContentTypes.json },
      body: free,
    });
  });

  test('the objects outlive the process, and only the user can read them or open the socket', async () => {
    await millrace(apply, '-f', await file('kept.yaml', connectionManifest({}, { name: 'kept' })));
    const before = (await millrace(get, 's3conn', 'kept', '-o', 'yaml')).out;
    assert.equal((await stat(cluster.socketPath)).mode & 0o777, 0o600);
    await cluster.stop();
    assert.equal((await stat(join(stateDir, 'objects.json'))).mode & 0o777, 0o600);
    const left = await millrace(get, 's3conn', 'kept', '-o', 'yaml');
    assert.equal(left.out, before);
    assert.match(left.err, /^No local mode runs: the objects are as the last one left them\.$/mu);
    const more = await file('more.yaml', connectionManifest({}, { name: 'more' }));
    await assert.rejects(millrace(apply, '-f', more), /no local mode runs/u);
    cluster = await start();
    assert.equal((await millrace(get, 's3conn', 'kept', '-o', 'yaml')).out, before);
  });

  test('what was applied is on the disk soon, whatever becomes of the process', async () => {
    await millrace(apply, '-f', await file('soon.yaml', connectionManifest({}, { name: 'soon' })));
    const end = performance.now() + 60_000;
    const kept = () =>
      readFile(join(stateDir, 'objects.json'), 'utf8').then((text) => text.includes('"soon"'));
    while (!(await kept())) assert.ok(performance.now() < end);
  });

  test('a second local mode with the same state folder is refused', async () => {
    await assert.rejects(start(), /Another millrace run uses/u);
  });
});
