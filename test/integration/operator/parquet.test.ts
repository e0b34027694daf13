import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startImportWorld, type ImportWorld } from '../../support/import-world.ts';
import { projectRoot } from '../../support/project-files.ts';

const golden = (name: string): Buffer =>
  readFileSync(join(projectRoot, 'test/golden/formats/Parquet', name, 'input'));

describe('an import of Parquet files, from kubectl apply to the rows of PostgreSQL', () => {
  let world: ImportWorld;

  before(async () => {
    world = await startImportWorld();
  });

  after(async () => {
    await world?.stop();
  });

  it('[I-27] nested columns become properties and groups, and a broken file is told beside them', async () => {
    const tenant = await world.createTenant({
      source: {
        files: { format: 'Parquet', pattern: { regex: '.*\\.parquet' } },
        conversion: {
          amplitude: {
            convertToAmplitudeFunc: {
              event_type: 'event_type',
              user_id: ['any', 'user_id', ['value', 'nobody']],
              time: 'time',
              insert_id: ['concat', ['value', 'i-'], 'time'],
              event_properties: {
                price: ['path', 'event_properties', 'price'],
                tags: ['path', 'event_properties', 'tags'],
                first: ['path', 'event_properties', 'cart', '0', 'sku'],
              },
              groups: 'groups',
            },
          },
        },
      },
    });
    await tenant.bucket.put('web/events.parquet', golden('events'));
    await tenant.bucket.put('web/locked.parquet', golden('broken-footer-encrypted'));
    const source = await tenant.until(
      'both files are settled',
      ({ status }) => status.files?.imported === 1 && status.files.failed === 1,
    );
    assert.equal(source.status.lastFailures?.[0]?.reason, 'ParquetEncrypted');
    const rows = await tenant.sql<{ n: number }>('SELECT count(*)::int AS n FROM millrace.events');
    assert.deepEqual(rows, [{ n: 60 }]);
    const [event] = await tenant.sql<{ body: unknown }>(
      `SELECT body FROM millrace.events WHERE insert_id = 'i-1767225600005'`,
    );
    const body = event?.body as { readonly event_properties: unknown; readonly groups: unknown };
    assert.deepEqual(body.event_properties, { price: 1.25, tags: ['t0', 't1'], first: 's0' });
    assert.deepEqual(body.groups, { org: 'Zoë & Sons' });
  });
});
