import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { crc32, gzipSync } from 'node:zlib';
import { objectStatement } from '../../../lib/aws/policies.ts';
import { assertImported, mixedLines } from '../../support/faulty-world.ts';
import { reasonToSkipMiniStack } from '../../support/ministack/install.ts';
import {
  accessDenied,
  denialText,
  expiredToken,
  internalError,
  listedTwice,
  malformedForRegion,
  slowDown,
  type Fault,
} from '../../support/s3-proxy/faults.ts';
import { assertAsDocumented } from '../../support/assert-as-documented.ts';
import { readStatements, testRegion } from '../../support/ministack.ts';
import { testSchema, until } from '../../support/store.ts';
import { startWorkerWorld, type ImportUnderFault, type WorkerWorld } from '../../support/worker-world.ts';

/** Some batches long, so that a part is committed when a fault comes late in it. */
const rows = 20_000;
const plain = mixedLines('a', rows);
const zipped = gzipSync(mixedLines('b', rows));
const key = { plain: 'in/a.jsonl', zipped: 'in/b.jsonl.gz' };
const whole = { rows: { a: rows, b: rows } };

describe('workers that meet faults of S3', { skip: await reasonToSkipMiniStack() }, () => {
  let world: WorkerWorld;
  const imports: ImportUnderFault[] = [];

  before(async () => {
    world = await startWorkerWorld();
  });

  after(async () => {
    await world?.stop();
  });

  async function createImport(
    options: Parameters<WorkerWorld['createImport']>[0] = {},
  ): Promise<ImportUnderFault> {
    const one = await world.createImport(options);
    imports.push(one);
    await one.bucket.put(key.plain, plain);
    await one.bucket.put(key.zipped, zipped);
    await one.find();
    return one;
  }

  function gets(one: ImportUnderFault, of?: string): number {
    return one.proxy.requests.filter(
      ({ operation, key: asked }) => operation === 'GetObject' && (of === undefined || asked === of),
    ).length;
  }

  describe('some at a time', { concurrency: 4 }, () => {
    it('[C-07] throttling and errors of the store are waited out, with few requests', async () => {
      const one = await createImport();
      const begun = Date.now();
      one.proxy.add({ operation: 'GetObject', times: 3 }, slowDown({ retryAfterSeconds: 1 }));
      one.proxy.add({ operation: 'GetObject', times: 3 }, internalError());
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
      assert.equal(gets(one), 2 + 6);
      assert.ok(Date.now() - begun >= 1000, 'Retry-After was not heeded');
    });

    it('a worker counts its requests, throttled and repeated ones, bytes and records, for Prometheus', async () => {
      const one = await createImport();
      one.proxy.add({ operation: 'GetObject', key: key.zipped, times: 2 }, slowDown());
      const worker = one.start({ metrics: true });
      let page = '';
      const meanwhile = async (): Promise<void> => {
        await until(async () => /File imported/.test(one.logs()), 'the other file is imported');
        page = await worker.scrape();
      };
      const fault: Fault = { kind: 'pause', afterBytes: 100_000, meanwhile };
      one.proxy.add({ operation: 'GetObject', key: key.plain }, fault);
      assert.equal((await worker.ended).code, 0);
      const value = (series: string): number => {
        const line = page.split('\n').find((text) => text.startsWith(`${series} `));
        return Number(line?.slice(series.length));
      };
      const get = 'operation="GetObject"';
      assert.equal(value(`millrace_s3_requests_total{${get},code="200",role="worker"}`), 2);
      assert.equal(value(`millrace_s3_requests_total{${get},code="503",role="worker"}`), 2);
      assert.equal(value(`millrace_s3_throttled_total{${get},role="worker"}`), 2);
      assert.equal(value(`millrace_s3_retries_total{${get},role="worker"}`), 2);
      assert.equal(value(`millrace_s3_request_duration_seconds_count{${get},role="worker"}`), 4);
      assert.ok(value('millrace_s3_bytes_total{direction="in",role="worker"}') >= zipped.length + 65_536);
      assert.equal(value('millrace_import_objects_total{outcome="imported"}'), 1);
      assert.equal(value('millrace_import_bytes_total'), zipped.length);
      assert.equal(value('millrace_import_records_total{outcome="imported"}'), rows - rows / 50);
      assert.equal(value('millrace_import_records_total{outcome="rejected"}'), rows / 50);
      await assertAsDocumented(page, 'Workers');
      for (const name of [one.bucket.name, key.plain, 'b.jsonl']) assert.ok(!page.includes(name), name);
    });

    it('throttling that does not end ends the worker, which says so; its files are free at once and keep their attempts', async () => {
      const one = await createImport();
      const rule = one.proxy.add({ operation: 'GetObject' }, slowDown());
      const { code, report } = await one.work();
      assert.equal(code, 30);
      assert.equal(report?.reason, 'Throttled');
      assert.match(report.message ?? '', /asks for fewer requests/);
      assert.ok(gets(one) < 250, `${gets(one)} requests`);
      const { state, attempts } = await one.file(key.plain);
      assert.deepEqual({ state, attempts }, { state: 'found', attempts: 0 });
      rule.remove();
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
    });

    const breaks: readonly (readonly [string, Fault])[] = [
      ['is reset in the middle', { kind: 'reset', afterBytes: 90_000 }],
      ['ends in good order before its end', { kind: 'cut', afterBytes: 90_000 }],
      ['announces more than it brings', { kind: 'wrongLength', by: 100 }],
      ['announces less than was listed', { kind: 'wrongLength', by: -100 }],
    ];
    for (const [what, fault] of breaks) {
      it(`[C-07] a body that ${what} costs no row and no attempt`, async () => {
        const one = await createImport();
        one.proxy.add({ operation: 'GetObject', key: key.plain, times: 1 }, fault);
        one.proxy.add({ operation: 'GetObject', key: key.zipped, times: 1 }, fault);
        assert.equal((await one.work()).code, 0);
        await assertImported(one, whole);
        for (const name of Object.values(key)) {
          assert.equal((await one.file(name)).attempts, 1);
          assert.equal(gets(one, name), 2);
        }
      });
    }

    it('[C-07] a body that breaks again and again is read on from where it was, and never from its beginning', async () => {
      const one = await createImport();
      one.proxy.add({ operation: 'GetObject', key: key.plain }, { kind: 'reset', afterBytes: 200_000 });
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
      assert.equal((await one.file(key.plain)).attempts, 1);
      const asked = one.proxy.requests.filter(({ key: of }) => of === key.plain);
      const firsts = asked.map(({ headers }) => Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0));
      assert.ok(firsts.length > 5);
      assert.deepEqual(
        firsts,
        [...new Set(firsts)].toSorted((a, b) => a - b),
      );
    });

    it('a body that never gets anywhere uses up its attempts; the other file is imported', async () => {
      const one = await createImport();
      one.proxy.add({ operation: 'GetObject', key: key.plain }, { kind: 'reset', afterBytes: 10 });
      await one.workOff();
      const { state, attempts, reason, cure } = await one.file(key.plain);
      assert.deepEqual(
        { state, attempts, reason },
        { state: 'failed', attempts: 3, reason: 'ObjectReadFailed' },
      );
      assert.match(cure ?? '', /tried again/);
      assert.equal(gets(one, key.plain), 9);
      await assertImported(one, { rows: { b: rows }, failed: 1 });
    });

    it('a byte that is turned on the way is told by the checksum, and what had come in is taken back', async () => {
      const one = await createImport();
      const checksum = Buffer.alloc(4);
      checksum.writeUInt32BE(crc32(plain));
      // A digit of a user's name: the row stays one that can be read.
      const at = plain.indexOf('user-') + 5;
      const headers = { 'x-amz-checksum-crc32': checksum.toString('base64') };
      one.proxy.add({ operation: 'GetObject', key: key.plain, times: 1 }, { kind: 'flip', at, headers });
      await one.workOff();
      await assertImported(one, whole);
      assert.match(one.logs(), /ObjectChecksumMismatch/);
      assert.equal(gets(one, key.plain), 2);
    });

    it('a gzip that is damaged on the way is read once more; one that is damaged where it lies is given up', async () => {
      const one = await createImport();
      const rule = { operation: 'GetObject', key: key.zipped };
      one.proxy.add({ ...rule, times: 1 }, { kind: 'flip', at: zipped.length - 6 });
      await one.workOff();
      await assertImported(one, whole);
      const other = await createImport();
      other.proxy.add(rule, { kind: 'flip', at: zipped.length - 6 });
      await other.workOff();
      const { state, reason, cure } = await other.file(key.zipped);
      assert.deepEqual({ state, reason }, { state: 'failed', reason: 'CorruptGzip' });
      assert.equal(gets(other, key.zipped), 2);
      assert.match(cure ?? '', /Write the file anew/);
      await assertImported(other, { rows: { a: rows }, failed: 1 });
    });

    it('a slow body is waited for', async () => {
      const one = await createImport();
      const fault: Fault = { kind: 'slow', bytesPerSecond: Math.ceil(zipped.length / 3) };
      one.proxy.add({ operation: 'GetObject', key: key.zipped }, fault);
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
      assert.equal(gets(one), 2);
    });

    it('a body that stalls is given up after a minute without a byte, and read on', async () => {
      const one = await createImport();
      one.proxy.add(
        { operation: 'GetObject', key: key.plain, times: 1 },
        { kind: 'stall', afterBytes: 90_000 },
      );
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
      assert.equal((await one.file(key.plain)).attempts, 1);
    });

    it('[I-22] an object that changes while its body breaks is imported as its new version alone', async () => {
      const one = await createImport();
      const meanwhile = async (): Promise<void> => {
        await one.bucket.put(key.plain, mixedLines('new', rows));
      };
      const fault: Fault = { kind: 'reset', afterBytes: Math.floor(plain.length * 0.9), meanwhile };
      one.proxy.add({ operation: 'GetObject', key: key.plain, times: 1 }, fault);
      await one.workOff();
      await assertImported(one, { rows: { new: rows, b: rows } });
      assert.ok(
        one.proxy.requests.every(({ operation, headers }) => {
          return operation !== 'GetObject' || headers['if-match'] !== undefined;
        }),
      );
    });

    it('[I-22] an object that changes while its body goes on is imported as the version that was opened', async () => {
      const one = await createImport();
      const meanwhile = async (): Promise<void> => {
        await one.bucket.put(key.plain, mixedLines('new', rows));
      };
      const fault: Fault = { kind: 'pause', afterBytes: 100_000, meanwhile };
      one.proxy.add({ operation: 'GetObject', key: key.plain, times: 1 }, fault);
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
    });

    it('[I-28] gzip is told by its bytes, whatever name and Content-Encoding say', async () => {
      const one = await world.createImport();
      imports.push(one);
      const put = async (name: string, file: string, options: object, zip: boolean): Promise<void> => {
        const text = mixedLines(file, 100);
        await one.bucket.put(name, zip ? gzipSync(text) : text, options);
      };
      const encoded = { contentEncoding: 'gzip' };
      await put('encoded.jsonl', 'a', encoded, true);
      await put('encoded.jsonl.gz', 'b', encoded, true);
      await put('zipped.jsonl', 'c', {}, true);
      await put('plain.jsonl.gz', 'd', {}, false);
      await put('plain.jsonl', 'e', encoded, false);
      await one.find();
      assert.equal((await one.work()).code, 0);
      await assertImported(one, { rows: { a: 100, b: 100, c: 100, d: 100, e: 100 } });
    });

    it('[P-09] credentials that expire in a run end the worker, which says so; new ones go on where it was', async () => {
      const one = await createImport();
      // The session ends when one file is open: its body goes on, the next one is refused.
      one.proxy.add({ operation: 'GetObject', after: 1 }, expiredToken());
      const { code, report } = await one.work();
      assert.equal(report?.reason, 'CredentialsExpired');
      assert.notEqual(code, 0);
      one.proxy.reset();
      const credentials = await world.s3.createSession(readStatements(one.bucket.name), 3600);
      assert.equal((await one.work({ credentials })).code, 0);
      await assertImported(one, whole);
    });

    it('a key that a listing gives twice, and a page without keys, change nothing', async () => {
      const one = await world.createImport();
      imports.push(one);
      await one.bucket.put(key.plain, plain);
      await one.bucket.put(key.zipped, zipped);
      one.proxy.add({ operation: 'ListObjectsV2', times: 1 }, listedTwice());
      await one.find();
      one.proxy.add({ operation: 'ListObjectsV2', times: 2 }, { kind: 'emptyPage' });
      await one.find();
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
    });

    it('one object that may not be read is given up with its cure, and keeps no other from being imported', async () => {
      const one = await createImport();
      const denied = 'in/0-denied.jsonl';
      await one.bucket.put(denied, mixedLines('denied', 10));
      await one.find();
      const credentials = await world.s3.createUser([
        ...readStatements(one.bucket.name),
        { Effect: 'Deny', Action: 's3:GetObject', Resource: `arn:aws:s3:::${one.bucket.name}/${denied}` },
      ]);
      await one.workOff({ credentials });
      const { state, attempts, reason, message, cure } = await one.file(denied);
      assert.deepEqual({ state, attempts, reason }, { state: 'failed', attempts: 3, reason: 'ObjectDenied' });
      assert.match(message ?? '', /ExplicitDeny.*may not s3:GetObject/);
      assert.match(cure ?? '', /owner/);
      await assertImported(one, { ...whole, failed: 1 });
    });

    it('a store that says the bucket is elsewhere, and one that denies, end the worker; its message names the cure', async () => {
      const principal = 'arn:aws:sts::123456789012:assumed-role/acme-millrace/session';
      const told: readonly (readonly [Fault, string, RegExp])[] = [
        [malformedForRegion('us-east-1', 'eu-west-1'), 'BucketRegionMismatch', /eu-west-1/],
        [
          accessDenied(
            denialText({
              principal,
              action: 's3:GetObject',
              resource: 'arn:aws:s3:::acme/in/a.jsonl',
              because: 'with an explicit deny in a service control policy',
            }),
          ),
          'ExplicitDeny',
          /acme-millrace.* may not s3:GetObject.*service control policy denies it/,
        ],
        [accessDenied(), 'ReadDenied', /Add to .* the statement .*"Action":"s3:GetObject"/],
      ];
      const one = await createImport({ prefix: 'in/' });
      for (const [fault, reason, says] of told) {
        const rule = one.proxy.add({ operation: 'GetObject' }, fault);
        const { code, report } = await one.work();
        assert.ok(code !== 0 && code !== 30, `${reason}: ${code}`);
        assert.equal(report?.reason, reason);
        assert.match(report.message ?? '', says);
        if (reason === 'ReadDenied') {
          // The same statement as in the least policy of the source's status.
          const scope = { bucket: one.bucket.name, prefix: 'in/', region: testRegion };
          const statement = JSON.stringify(objectStatement('s3:GetObject', scope));
          assert.ok(report.message?.includes(`${one.bucket.name}/in/*. Add`), report.message);
          assert.ok(report.message?.includes(statement), report.message);
        }
        rule.remove();
      }
      assert.equal((await one.file(key.plain)).attempts, 0);
      assert.equal((await one.work()).code, 0);
      await assertImported(one, whole);
    });
  });

  it('[C-10] no secret is in a log, a report or the ledger after all of that', async () => {
    assert.ok(imports.length > 15);
    for (const one of imports) {
      const tables = ['files', 'rejects', 'runs', 'sources'];
      const texts = [one.logs()];
      for (const table of tables) {
        const found = await one.sql<{ text: string | null }>(
          `SELECT string_agg(t::text, ' ') AS text FROM ${testSchema}.${table} t`,
        );
        texts.push(found[0]?.text ?? '');
      }
      const all = texts.join('\n');
      assert.ok(all.length > 1000);
      for (const secret of one.secrets) assert.equal(all.includes(secret), false);
    }
  });
});
