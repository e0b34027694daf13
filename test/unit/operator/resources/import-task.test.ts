import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { workerEnvironment, type ImportTask } from '../../../../lib/contract/task.ts';
import { digestOf } from '../../../../lib/digest.ts';
import {
  buildImportTemplate,
  mostShards,
  type ImportTemplateInput,
} from '../../../../operator/resources/import-task.ts';
import {
  connection,
  eventStore,
  importSource,
  suspended,
  withConnectionSpec,
  withMetadata,
  withoutConversion,
  withPostgres,
  withSpec,
  withStatus,
} from '../../../support/builders/resources.ts';

function input(changes: Partial<ImportTemplateInput> = {}): ImportTemplateInput {
  return {
    source: importSource(),
    connection: connection(),
    eventStore: eventStore(),
    sourceId: 7,
    access: { identity: { base: { kind: 'keys' }, sessionName: 'millrace-acme-acme-lake' } },
    secretsRevision: 'revision-1',
    worker: { image: 'registry.example/millrace:1' },
    digest: (text) => digestOf([text]),
    ...changes,
  };
}

function hashOf(changes: Partial<ImportTemplateInput>): string {
  return digestOf([JSON.stringify(buildImportTemplate(input(changes)))]);
}

function taskOf(changes: Partial<ImportTemplateInput> = {}): ImportTask {
  const template = buildImportTemplate(input(changes));
  const [container] = template.spec['containers'] as readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[];
  }[];
  const text = container?.env.find(({ name }) => name === workerEnvironment.task)?.value ?? '';
  return JSON.parse(text) as ImportTask;
}

suite('the task of an import', () => {
  test('says what the specs say, in numbers that a worker can use', () => {
    const csv = { delimiter: ';', quote: '"', escape: '', header: true, relaxQuotes: false };
    const source = importSource(withSpec({ files: { format: 'CSV', compression: 'Gzip', csv } }));
    assert.deepEqual(taskOf({ source }), {
      kind: 'import-shard',
      namespace: 'acme',
      name: 'web-events',
      sourceId: 7,
      bucket: 'acme-events',
      prefix: 'web/',
      connection: { region: 'us-east-1', forcePathStyle: false },
      identity: { base: { kind: 'keys' }, sessionName: 'millrace-acme-acme-lake' },
      store: { schema: 'millrace', maxConnections: 28, deduplicationWindowMs: 604_800_000 },
      projectId: '168342',
      files: { format: 'CSV', compression: 'Gzip', options: csv },
      destination: { kind: 'eventStore', options: {} },
      limits: {
        rates: {
          files: [{ scope: 'project/168342/filesPerSecond', perSecond: 50 }],
          events: [{ scope: 'project/168342/eventsPerSecond', perSecond: 30_000 }],
        },
        maxAttempts: 5,
        lingerMs: 30_000,
        maxLifetimeMs: 3_600_000,
      },
    });
  });

  test('[I-46][I-47] has the limits of the project and those of the source beside them', () => {
    const source = importSource(withSpec({ limits: { eventsPerSecond: 100 } }));
    assert.deepEqual(taskOf({ source }).limits.rates, {
      files: [{ scope: 'project/168342/filesPerSecond', perSecond: 50 }],
      events: [
        { scope: 'project/168342/eventsPerSecond', perSecond: 30_000 },
        { scope: 'source/7/eventsPerSecond', perSecond: 100 },
      ],
    });
  });

  test('has the share of rejects as a number', () => {
    const shareOf = (maxRejectShare: string) =>
      taskOf({ source: importSource(withSpec({ errors: { maxAttempts: 5, maxRejectShare } })) }).limits
        .maxRejectShare;
    assert.deepEqual([shareOf('0%'), shareOf('0.5%'), shareOf('100%')], [0, 0.005, 1]);
  });

  test('[C-10] holds no secret: they come from the Secrets that the connection and the store name', () => {
    const text = JSON.stringify(buildImportTemplate(input()));
    const names = [...text.matchAll(/"secretKeyRef":\{"name":"([^"]+)"/g)].map((match) => match[1] ?? '');
    assert.deepEqual(
      [...new Set(names)].toSorted((a, b) => a.localeCompare(b)),
      ['acme-lake-key', 'analytics-db'],
    );
  });

  test('[I-10] goes to the endpoint that the connection names', () => {
    const other = connection(withConnectionSpec({ endpoint: 'https://minio.example', forcePathStyle: true }));
    assert.deepEqual(taskOf({ connection: other }).connection, {
      region: 'us-east-1',
      endpoint: 'https://minio.example',
      forcePathStyle: true,
    });
  });
});

suite('the template of workers', () => {
  const { spec } = importSource();
  const current = hashOf({});

  const irrelevant = {
    'the same again': importSource(),
    'another name for people': importSource(withSpec({ displayName: 'Web', description: 'All of it' })),
    '[I-42] another converter': importSource(
      withSpec({ conversion: { amplitude: { convertToAmplitudeFunc: { event_type: 'other' } } } }),
    ),
    'no converter': importSource(withoutConversion),
    'another interval': importSource(withSpec({ discovery: { interval: '5s' } })),
    '[I-24] another pattern': importSource(
      withSpec({ files: { ...spec.files, pattern: { regex: '.*\\.json' } } }),
    ),
    'a suspended source': importSource(suspended),
    'another status': importSource(withStatus({ observedGeneration: 9 })),
    'a new generation': importSource(withMetadata({ generation: 9, resourceVersion: '77' })),
  };
  for (const [name, source] of Object.entries(irrelevant)) {
    test(`stays for ${name}`, () => assert.equal(hashOf({ source }), current));
  }

  const relevant: Readonly<Record<string, Partial<ImportTemplateInput>>> = {
    'another dialect of CSV': {
      source: importSource(
        withSpec({
          files: {
            ...spec.files,
            csv: { delimiter: ';', quote: '"', escape: '', header: true, relaxQuotes: false },
          },
        }),
      ),
    },
    'another compression': {
      source: importSource(withSpec({ files: { ...spec.files, compression: 'None' } })),
    },
    'other resources of workers': {
      source: importSource(
        withSpec({ workers: { ...spec.workers, resources: { limits: { memory: '1Gi' } } } }),
      ),
    },
    'other limits': { source: importSource(withSpec({ errors: { maxAttempts: 1 } })) },
    'other Secrets': { secretsRevision: 'revision-2' },
    'another image': { worker: { image: 'registry.example/millrace:2' } },
    'another region': { connection: connection(withConnectionSpec({ region: 'eu-west-1' })) },
    'another ledger': { sourceId: 8 },
  };
  for (const [name, changes] of Object.entries(relevant)) {
    test(`is another one for ${name}`, () => assert.notEqual(hashOf(changes), current));
  }
});

suite('how many workers a source may have', () => {
  const withMost = (max: number) =>
    importSource(withSpec({ workers: { ...importSource().spec.workers, max } }));

  test('as many as its spec says, where the store has connections for them', () => {
    assert.equal(mostShards(withMost(4), eventStore()), 4);
    assert.equal(mostShards(withMost(100), eventStore()), 14);
    assert.equal(mostShards(withMost(4), eventStore(withPostgres({ maxConnections: 4 }))), 1);
  });

  test('at least one, and with two connections each they fit beside the operator’s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 6, max: 10_000 }), (max, all) => {
        const source = withMost(max);
        const store = eventStore(withPostgres({ maxConnections: all }));
        const shards = mostShards(source, store);
        assert.ok(shards >= 1 && shards <= max);
        assert.ok(shards * 2 + 4 <= all, `${shards} × 2 + 4 > ${all}`);
        assert.equal(taskOf({ source, eventStore: store }).store.maxConnections, all - 4);
      }),
    );
  });
});
