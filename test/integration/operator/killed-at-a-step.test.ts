import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Job } from '../../../operator/resources/worker-job.ts';
import { resourceTypes } from '../../../operator/resource-types.ts';
import { leaseType, type Lease } from '../../../operator/runtime/leader-lease.ts';
import { startApiProxy, type ApiProxy } from '../../support/api-proxy/api-proxy.ts';
import type { ProxiedRequest } from '../../support/api-proxy/faults.ts';
import {
  createServerGroup,
  freePort,
  type Server,
  type ServerGroup,
} from '../../support/control-plane/processes.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../../support/database-proxy.ts';
import {
  holds,
  readyOf,
  startImportWorld,
  waitFor,
  type ImportWorld,
  type Tenant,
} from '../../support/import-world.ts';
import { lintConditions } from '../../support/lint-conditions.ts';
import { startOperatorProcess } from '../../support/operator-process.ts';
import { linesOf, sampleConversion } from '../../support/sample-lines.ts';

/** When a process is killed. What it had asked for before still reaches the server. */
type Moment =
  /** It is about to send this statement. */
  | { readonly kind: 'statement'; readonly of: RegExp }
  /** It has sent the COMMIT behind this statement, and does not hear of it. */
  | { readonly kind: 'commit'; readonly of: RegExp }
  /** It is about to send this call, or has sent it and does not hear of it. */
  | { readonly kind: 'call'; readonly of: (request: ProxiedRequest) => boolean; readonly isSent: boolean };

const found = /INSERT INTO \S+\.files\b/;
const opened = /INSERT INTO \S+\.runs\b/;
const closed = /UPDATE \S+\.runs\b/;
const jobMade = ({ verb, path }: ProxiedRequest) => verb === 'write' && path.includes('/jobs/');
const statusTold = ({ verb, path }: ProxiedRequest) =>
  verb === 'write' && path.endsWith('/s3importsources/web-events/status');

const moments: readonly (readonly [name: string, moment: Moment])[] = [
  ['before a page of its listing is in the ledger', { kind: 'statement', of: found }],
  [
    'when a page of its listing is in the ledger, and the next one not asked for',
    { kind: 'commit', of: found },
  ],
  ['before its run is open in the ledger', { kind: 'statement', of: opened }],
  ['when its run is open in the ledger, before it knows', { kind: 'commit', of: opened }],
  ['between a run that is open and its Job', { kind: 'call', of: jobMade, isSent: false }],
  ['when the Job of its run is made, before it knows', { kind: 'call', of: jobMade, isSent: true }],
  ['when the workers are done, before its run is closed', { kind: 'statement', of: closed }],
  ['when its run is closed, before it knows', { kind: 'commit', of: closed }],
  ['before it tells the status', { kind: 'call', of: statusTold, isSent: false }],
];

const leaderKey = { namespace: 'default', name: 'millrace-operator' };

/** The first and the last keys of their bucket. */
const files = ['a', 'b', 'z'];
const rows = 1_000;

/** Keys that the source does not take in, so that its listing has two pages. */
async function fillWithOthers({ bucket }: Tenant): Promise<void> {
  const others = Array.from({ length: 1_100 }, (_, index) => `web/m/${index}.txt`);
  while (others.length > 0) await Promise.all(others.splice(0, 20).map((key) => bucket.put(key, 'x')));
}

describe('an operator that is killed', () => {
  let world: ImportWorld;
  let api: ApiProxy;
  let database: DatabaseProxy;
  let folder: string;
  let servers: ServerGroup;
  let operators = 0;
  let leading: Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-killed-'));
    servers = createServerGroup(folder);
    world = await startImportWorld({ operator: false });
    [api, database] = await Promise.all([
      startApiProxy(world.controlPlane),
      startDatabaseProxy(world.postgres.port),
    ]);
    leading = await startLeader();
  });

  after(async () => {
    await servers?.stop();
    await Promise.all([api?.stop(), database?.stop()]);
    await world?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Without the wait until its lease has run out, of which other tests are. */
  async function takeOver(): Promise<Server> {
    const patch = { kind: 'merge', patch: { spec: { holderIdentity: '' } } } as const;
    await world.controlPlane.client.patch(leaseType, leaderKey, patch);
    return await startLeader();
  }

  async function startLeader(): Promise<Server> {
    operators += 1;
    const hostName = `operator${operators}`;
    const port = await freePort();
    const server = startOperatorProcess(servers, { hostName, port, kubeconfigPath: api.kubeconfigPath });
    await waitFor(`${hostName} leads`, async () => {
      const lease = await world.controlPlane.client.find<Lease>(leaseType, leaderKey);
      return lease?.spec?.holderIdentity?.startsWith(`${hostName}-`) === true;
    });
    return server;
  }

  /** Kills the leader at the moment, which is the tenant's; tells when it has come. */
  function killAt(moment: Moment, tenant: Tenant): { isOver(): boolean } {
    const victim = leading;
    let over = false;
    const kill = (): void => {
      over = true;
      process.kill(victim.pid, 'SIGKILL');
    };
    const name = new URL(tenant.database.url).pathname.slice(1);
    let transaction: number | undefined;
    database.inject((statement) => {
      const { text, connection, application } = statement;
      if (over || statement.database !== name || application !== 'millrace-operator') return 'pass';
      if (moment.kind === 'statement' && moment.of.test(text)) {
        kill();
        return 'hold';
      }
      if (moment.kind !== 'commit') return 'pass';
      if (moment.of.test(text)) transaction = connection;
      if (transaction === connection && text === 'COMMIT') kill();
      return 'pass';
    });
    api.inject((request) => {
      const isIt =
        moment.kind === 'call' && request.path.includes(`/${tenant.namespace}/`) && moment.of(request);
      if (over || !isIt) return undefined;
      kill();
      return { kind: moment.isSent ? 'LoseAnswer' : 'Refuse' };
    });
    return { isOver: () => over };
  }

  /** Names of all Jobs that were ever made in the namespace from now on. */
  async function followJobs(namespace: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { client } = world.controlPlane;
    const { resourceVersion } = await client.list<Job>(resourceTypes.jobs, { namespace });
    const events = await client.watch<Job>(resourceTypes.jobs, {
      namespace,
      resourceVersion,
      timeoutSeconds: 600,
      signal,
    });
    const names = new Set<string>();
    void (async () => {
      for await (const event of events) {
        if (event.kind !== 'Bookmark')
          names.add(`${event.object.metadata.name} ${event.object.metadata.uid}`);
      }
    })().catch(() => {});
    return names;
  }

  for (const [name, moment] of moments) {
    it(`[C-04, C-07] ${name} leaves what the next one needs: every event once, one Job a run, a status that is right`, async (t) => {
      const tenant = await world.createTenant({
        applySource: false,
        databaseUrl: (url) => database.urlOf(url),
      });
      if (moment.kind !== 'call' && moment.of === found) await fillWithOthers(tenant);
      for (const file of files) await tenant.bucket.put(`web/${file}.json`, linesOf(file, rows));
      const stop = new AbortController();
      t.after(() => stop.abort());
      const jobs = await followJobs(tenant.namespace, stop.signal);
      const kill = killAt(moment, tenant);
      await tenant.applySource({
        ...sampleConversion,
        files: { format: 'JSONLines', pattern: { regex: '.*[.]json' } },
      });
      await waitFor('the moment has come', () => kill.isOver());
      leading = await takeOver();
      await tenant.untilImported(files.length);

      const source = await tenant.until('its runs are at their ends', ({ status }) => {
        const { number = 0, completionTime } = status.run ?? {};
        return number > 0 && completionTime !== undefined;
      });
      const [events] = await tenant.sql(
        'SELECT count(*)::int AS n, count(DISTINCT insert_id)::int AS ids FROM millrace.events',
      );
      assert.deepEqual(events, { n: files.length * rows, ids: files.length * rows });
      const runs = await tenant.sql<{ number: number; done: boolean }>(
        'SELECT number, ended_at IS NOT NULL AS done FROM millrace.runs ORDER BY number',
      );
      assert.deepEqual(
        runs,
        Array.from(runs, (_, index) => ({ number: index + 1, done: true })),
      );
      assert.equal(jobs.size, runs.length, `runs ${JSON.stringify(runs)}, Jobs ${[...jobs].join(', ')}`);
      assert.equal(readyOf(source), 'True/Succeeded');
      assert.ok(holds(source.status.conditions, 'CaughtUp'));
      assert.deepEqual(lintConditions(source), []);
      const { found: known, imported, pending, failed } = source.status.files ?? {};
      assert.deepEqual([known, imported, pending, failed], [files.length, files.length, 0, 0]);
      assert.deepEqual(source.status.records, {
        imported: files.length * rows,
        duplicate: 0,
        skipped: 0,
        rejected: 0,
      });
      assert.equal(source.status.run?.number, runs.length);
    });
  }
});
