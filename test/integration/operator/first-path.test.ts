import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { holds, readyOf, startImportWorld, waitFor, type ImportWorld } from '../../support/import-world.ts';
import { sourceManifest } from '../../support/manifests.ts';
import { lineOf, linesOf, sampleConverter } from '../../support/sample-lines.ts';

describe('an import, from kubectl apply to the rows of PostgreSQL', () => {
  let world: ImportWorld;

  before(async () => {
    world = await startImportWorld();
  });

  after(async () => {
    await world?.stop();
  });

  it('[I-01, I-25, I-28, C-07] every event of every file is in the store once, each bad row accounted for', async () => {
    const tenant = await world.createTenant({ applySource: false });
    await tenant.bucket.put('web/a.json', linesOf('a', 300));
    await tenant.bucket.put('web/b.json.gz', gzipSync(linesOf('b', 500)));
    const bad = `${lineOf('c', 1)}\n{"cut off\n${JSON.stringify({ event: 'no user' })}\n${lineOf('c', 4)}\n`;
    await tenant.bucket.put('web/c.json.gz', gzipSync(bad));
    await tenant.bucket.put('other/d.json', linesOf('d', 10));
    await tenant.applySource({ conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } } });
    const source = await tenant.untilImported(3);

    assert.equal(readyOf(source), 'True/Succeeded');
    assert.equal(holds(source.status.conditions, 'CaughtUp'), true);
    const [events] = await tenant.sql<{ n: number; ids: number }>(
      'SELECT count(*)::int AS n, count(DISTINCT insert_id)::int AS ids FROM millrace.events',
    );
    assert.deepEqual(events, { n: 802, ids: 802 });
    const rejects = await tenant.sql<{ key: string; row: number; raw: string }>(
      `SELECT f.key, r.file_row::int AS row, r.raw FROM millrace.rejects r JOIN millrace.files f ON f.id = r.file_id
       ORDER BY r.file_row`,
    );
    assert.deepEqual(
      rejects.map(({ key, row }) => [key, row]),
      [
        ['web/c.json.gz', 2],
        ['web/c.json.gz', 3],
      ],
    );
    assert.equal(rejects[0]?.raw, '{"cut off');
    await tenant.until(
      'the counters are those of the tables',
      ({ status }) => status.records?.imported === 802 && status.records.rejected === 2,
    );
  });

  it('[I-22, I-17, I-23] an overwritten file is noticed and not imported again; one whose key sorts first is found', async () => {
    const tenant = await world.createTenant({
      source: { conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } } },
    });
    await tenant.bucket.put('web/m.json', linesOf('m', 20));
    await tenant.untilImported(1);
    await tenant.bucket.put('web/m.json', linesOf('m2', 30));
    await tenant.bucket.put('web/a.json', linesOf('a', 5));
    await tenant.untilImported(2);
    await tenant.until('the overwritten file is told', ({ status }) => status.files?.overwritten === 1);
    const [events] = await tenant.sql<{ n: number }>('SELECT count(*)::int AS n FROM millrace.events');
    assert.equal(events?.n, 25);
  });

  it('[I-48] the events of a new file are in the table within half a minute of its upload, and status says how long it took', async () => {
    const tenant = await world.createTenant({
      source: { conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } } },
    });
    await tenant.bucket.put('web/first.json', linesOf('first', 10));
    await tenant.untilImported(1);
    for (let file = 2; file <= 4; file += 1) {
      await tenant.bucket.put(`web/${file}.json`, linesOf(`f${file}`, 10));
      await tenant.untilImported(file);
    }
    const source = await tenant.until('all four are measured', ({ status }) => status.latency?.files === 4);
    const { medianSeconds = Infinity } = source.status.latency ?? {};
    assert.ok(medianSeconds <= 30, `it took ${medianSeconds} s`);
    const [slowest] = await tenant.sql<{ seconds: number }>(
      'SELECT extract(epoch FROM max(finished_at - last_modified))::float8 AS seconds FROM millrace.files',
    );
    assert.ok((source.status.latency?.p99Seconds ?? Infinity) <= Math.ceil(slowest?.seconds ?? 0));
  });

  it('[P-05, R-03] one connection, by its name, serves many sources', async () => {
    const tenant = await world.createTenant({ applySource: false });
    const { name: bucket } = tenant.bucket;
    const conversion = { amplitude: { convertToAmplitudeFunc: sampleConverter } };
    const prefixes = ['app', 'shop', 'web'];
    for (const prefix of prefixes) await tenant.bucket.put(`${prefix}/a.json`, linesOf(prefix, 5));
    await tenant.apply(
      ...prefixes.map((prefix) =>
        sourceManifest(
          { bucket, prefix: `${prefix}/`, conversion, connectionRef: { name: 'lake' } },
          { name: `${prefix}-events` },
        ),
      ),
    );
    for (const prefix of prefixes) {
      const isImported = async () => (await tenant.source(`${prefix}-events`)).status.files?.imported === 1;
      await waitFor(`the file of ${prefix} is imported`, isImported);
    }
    const [events] = await tenant.sql<{ n: number }>('SELECT count(*)::int AS n FROM millrace.events');
    assert.equal(events?.n, 15);
  });

  it('[I-16, I-24] a source without a conversion waits and says so, then takes the keys that match', async () => {
    const tenant = await world.createTenant({
      source: { conversion: undefined, files: { format: 'JSONLines', pattern: { regex: '.*\\.json' } } },
    });
    await tenant.bucket.put('web/a.json', linesOf('a', 3));
    await tenant.bucket.put('web/notes.txt', 'nothing');
    const waiting = await tenant.until('it says what it waits for', (source) =>
      readyOf(source).endsWith('/ConversionMissing'),
    );
    assert.equal(waiting.status.files, undefined);
    await tenant.applySource({
      conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } },
      files: { format: 'JSONLines', pattern: { regex: '.*\\.json' } },
    });
    const source = await tenant.untilImported(1);
    assert.equal(source.status.files?.ignored, 1);
    assert.equal(source.status.files.found, 1);
  });

  it('[I-42] files found before a change of the converter keep the one they were found under', async () => {
    const tenant = await world.createTenant({
      source: { conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } }, suspend: false },
    });
    await tenant.bucket.put('web/a.json', linesOf('a', 5));
    await tenant.untilImported(1);
    const changed = { ...sampleConverter, event_type: ['value', 'new'] };
    await tenant.applySource({ conversion: { amplitude: { convertToAmplitudeFunc: changed } } });
    await tenant.until('the new generation stands', ({ status }) => status.conversion?.generation === 2);
    await tenant.bucket.put('web/b.json', linesOf('b', 5));
    await tenant.untilImported(2);
    const types = await tenant.sql<{ event_type: string; n: number }>(
      'SELECT event_type, count(*)::int AS n FROM millrace.events GROUP BY 1 ORDER BY 1',
    );
    assert.deepEqual(types, [
      { event_type: 'buy', n: 5 },
      { event_type: 'new', n: 5 },
    ]);
  });

  it('[I-14, C-04] a suspended source starts nothing, and loses nothing when it goes on', async () => {
    const amplitude = { convertToAmplitudeFunc: sampleConverter };
    const tenant = await world.createTenant({ source: { conversion: { amplitude }, suspend: true } });
    await tenant.bucket.put('web/a.json', linesOf('a', 50));
    const suspended = await tenant.until('it is suspended', (source) =>
      readyOf(source).endsWith('/Suspended'),
    );
    assert.equal(readyOf(suspended), 'True/Suspended');
    assert.deepEqual(await tenant.jobs(), []);
    await tenant.applySource({ conversion: { amplitude }, suspend: false });
    await tenant.untilImported(1);
    const [events] = await tenant.sql<{ n: number }>('SELECT count(*)::int AS n FROM millrace.events');
    assert.equal(events?.n, 50);
  });

  it('[I-02, I-03, I-26, I-38] Identify and Group Identify rows of a CSV file become properties', async () => {
    const tenant = await world.createTenant({
      source: {
        files: { format: 'CSV', csv: { delimiter: ';' } },
        conversion: {
          amplitude: {
            convertToAmplitudeFunc: {
              event_type: 'kind',
              user_id: ['ifelse', ['eq', 'uid', ['value', '']], ['value', null], 'uid'],
              insert_id: 'id',
              time: 'ms',
              user_properties: ['cond', ['eq', 'kind', ['value', '$identify']], { $set: { plan: 'value' } }],
              groups: ['cond', ['eq', 'kind', ['value', '$groupidentify']], { org: 'org' }],
              group_properties: [
                'cond',
                ['eq', 'kind', ['value', '$groupidentify']],
                { $set: { tier: 'value' } },
              ],
            },
          },
        },
      },
    });
    await tenant.bucket.put(
      'web/a.csv',
      'kind;uid;org;value;id;ms\n$identify;user-1;;gold;1;1767225600000\n$groupidentify;;acme;a;2;1767225600000\nbuy;user-1;;;3;1767225600000\n',
    );
    await tenant.untilImported(1);
    const users = await tenant.sql('SELECT subject, properties FROM millrace.user_properties');
    assert.deepEqual(users, [{ subject: 'user-1', properties: { plan: 'gold' } }]);
    const groups = await tenant.sql(
      'SELECT subject_type, subject, properties FROM millrace.group_properties',
    );
    assert.deepEqual(groups, [{ subject_type: 'org', subject: 'acme', properties: { tier: 'a' } }]);
  });

  it('[C-10] no secret is in an object of the API, nor in a log', async () => {
    const tenant = await world.createTenant({
      source: { conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } } },
    });
    await tenant.bucket.put('web/a.json', linesOf('a', 5));
    await tenant.untilImported(1);
    const kinds = 's3importsources,s3connections,eventstores,jobs,pods,events,configmaps';
    const shown = await world.controlPlane.kubectl(['get', kinds, '-n', tenant.namespace, '-o', 'json']);
    const logged = JSON.stringify(world.operator.logged);
    for (const secret of tenant.secrets) {
      assert.equal(shown.includes(secret), false, 'a secret is in an object');
      assert.equal(logged.includes(secret), false, 'a secret is in a log');
    }
  });

  it('a second look at the same world writes nothing', async () => {
    const tenant = await world.createTenant({
      source: { conversion: { amplitude: { convertToAmplitudeFunc: sampleConverter } } },
    });
    await tenant.bucket.put('web/a.json', linesOf('a', 5));
    await tenant.untilImported(1);
    await waitFor('its Job is over and its run closed', async () => {
      const { status } = await tenant.source();
      return status.run?.completionTime !== undefined;
    });
    const before = await tenant.source();
    const passes = await listingPasses(tenant);
    await waitFor('two more looks are over', async () => (await listingPasses(tenant)) >= passes + 2);
    const then = await tenant.source();
    assert.deepEqual(then.status, before.status);
    assert.equal(then.metadata.resourceVersion, before.metadata.resourceVersion);
  });

  async function listingPasses(tenant: { sql: ImportTenantSql }): Promise<number> {
    const [row] = await tenant.sql<{ n: number }>('SELECT max(pass)::int AS n FROM millrace.listings');
    return row?.n ?? 0;
  }
});

type ImportTenantSql = Awaited<ReturnType<ImportWorld['createTenant']>>['sql'];
