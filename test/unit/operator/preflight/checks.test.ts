import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TerminalError, TransientError } from '../../../../lib/errors.ts';
import { compileKeyPattern } from '../../../../lib/pattern.ts';
import { passed } from '../../../../operator/conditions/finding.ts';
import type { ImportFacts } from '../../../../operator/controllers/s3-import-source/facts.ts';
import { runPreflight } from '../../../../operator/preflight/checks.ts';
import { conversionFacts, importFacts } from '../../../support/builders/import-facts.ts';
import {
  condition,
  connection,
  eventStore,
  importSource,
  withConditions,
  withConnectionSpec,
  withSpec,
} from '../../../support/builders/resources.ts';

const refused = condition('Ready', { status: 'False', reason: 'InvalidAccessKeyId' });
const unlooked = condition('Ready', { status: 'Unknown', reason: 'Blocked' });

/** In the order in which they are looked for. */
const faults: readonly {
  readonly name: string;
  readonly facts: Partial<ImportFacts>;
  readonly finding: readonly [type: string, status: string, reason: string];
  readonly message: RegExp;
}[] = [
  {
    name: '[I-24] a pattern that does not compile',
    facts: { pattern: compileKeyPattern({ regex: '(' }) },
    finding: ['Accepted', 'False', 'InvalidPattern'],
    message: /^spec\.files\.pattern\.regex: /,
  },
  {
    name: '[I-26] settings of files that contradict each other',
    facts: {
      source: importSource(
        withSpec({
          files: {
            format: 'CSV',
            compression: 'Auto',
            csv: {
              delimiter: ',',
              quote: '"',
              escape: '',
              header: false,
              columns: ['a', 'a'],
              relaxQuotes: false,
            },
          },
        }),
      ),
    },
    finding: ['Accepted', 'False', 'InvalidFormat'],
    message: /spec\.files\.csv\.columns names "a" more than once/,
  },
  {
    name: '[C-07] a ledger that another source keeps',
    facts: { rival: 'web-events-old' },
    finding: ['Accepted', 'False', 'ConflictingResource'],
    message: /^S3ImportSource web-events-old keeps the ledger web-events .*Delete one of the two/,
  },
  {
    name: '[I-16] a conversion that is not there yet',
    facts: { conversion: { kind: 'missing' } },
    finding: ['Accepted', 'False', 'ConversionMissing'],
    message: /^spec\.conversion is not set yet.*millrace preview/,
  },
  {
    name: '[I-35] a converter that does not compile',
    facts: { conversion: conversionFacts({ convertToAmplitudeFunc: { event_type: ['no_such'] } }) },
    finding: ['Accepted', 'False', 'ConverterInvalid'],
    message: /^convertToAmplitudeFunc\.event_type.*: /,
  },
  {
    name: 'a connection that is not there',
    facts: { connection: undefined, access: undefined },
    finding: ['ResolvedRefs', 'False', 'ConnectionNotFound'],
    message: /^There is no S3Connection acme-lake in this namespace\. Create it\.$/,
  },
  {
    name: 'a store that is not there',
    facts: { eventStore: undefined, session: undefined },
    finding: ['ResolvedRefs', 'False', 'StoreNotFound'],
    message: /^There is no EventStore analytics in this namespace\. Create it\.$/,
  },
  {
    name: '[I-29] a converter whose ConfigMap is not there',
    facts: {
      conversion: {
        kind: 'unresolved',
        error: new TransientError({ reason: 'ConfigMapNotFound', message: 'There is no ConfigMap c.' }),
      },
    },
    finding: ['ResolvedRefs', 'False', 'ConfigMapNotFound'],
    message: /^There is no ConfigMap c\.$/,
  },
  {
    name: 'a connection that is not Ready',
    facts: { connection: connection(withConditions(refused)) },
    finding: ['ResolvedRefs', 'False', 'DependencyNotReady'],
    message:
      /^S3Connection acme-lake is not Ready \(InvalidAccessKeyId\)\. kubectl describe s3connection acme-lake/,
  },
  {
    name: 'a store that nobody has looked at',
    facts: { eventStore: eventStore(withConditions(unlooked)) },
    finding: ['ResolvedRefs', 'Unknown', 'DependencyNotReady'],
    message: /^EventStore analytics has not been looked at yet\.$/,
  },
  {
    name: 'a store that is Ready by its status, but not opened by this operator yet',
    facts: { session: undefined },
    finding: ['ResolvedRefs', 'Unknown', 'DependencyNotReady'],
    message: /^EventStore analytics is being opened\.$/,
  },
  {
    name: 'a project that the store does not have',
    facts: { source: importSource(withSpec({ projectID: '999' })) },
    finding: ['ResolvedRefs', 'False', 'ProjectNotFound'],
    message: /has no project 999; it has 168342\. Add it to spec\.projects/,
  },
  {
    name: '[C-10] a Secret of the connection that has gone since',
    facts: {
      access: { error: new TerminalError({ reason: 'SecretKeyMissing', message: 'Add the key.' }) },
    },
    finding: ['ResolvedRefs', 'False', 'DependencyNotReady'],
    message: /^S3Connection acme-lake: Add the key\.$/,
  },
];

suite('what keeps a source from being worked on', () => {
  for (const { name, facts, finding, message } of faults) {
    test(name, () => {
      const findings = runPreflight(importFacts(facts));
      const last = findings.at(-1);
      assert.deepEqual([last?.type, last?.status, last?.reason], finding);
      assert.match(last?.message ?? '', message);
      // What was passed on the way there is told as passed, and nothing behind it.
      assert.deepEqual(
        findings.slice(0, -1).map(({ type, status }) => [type, status]),
        finding[0] === 'Accepted' ? [] : [['Accepted', 'True']],
      );
    });
  }

  test('of several faults the first is told', () => {
    for (const [index, { facts, finding }] of faults.entries()) {
      for (const later of faults.slice(index + 1)) {
        const both = runPreflight(importFacts({ ...later.facts, ...facts }));
        assert.equal(both.at(-1)?.reason, finding[2]);
      }
    }
  });

  test('nothing, for a source that has all that it needs', () => {
    assert.deepEqual(runPreflight(importFacts()), [
      passed('Accepted', 'Accepted', 'The spec makes sense.'),
      passed('ResolvedRefs', 'ResolvedRefs', 'Everything that the spec names is there and ready.'),
    ]);
  });

  test('[I-35] of many mistakes in a converter five are told, and how many more there are', () => {
    const fields = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`f${at}`, ['no_such']]));
    const conversion = conversionFacts({ convertToAmplitudeFunc: fields });
    const message = runPreflight(importFacts({ conversion }))[0]?.message ?? '';
    assert.equal(message.match(/convertToAmplitudeFunc\.f\d/g)?.length, 5);
    assert.match(message, /and 3 more$/);
  });

  test('[I-54] a bucket whose name has dots is warned of, at Amazon alone', () => {
    const source = importSource(withSpec({ bucket: 'acme.events' }));
    assert.match(runPreflight(importFacts({ source }))[0]?.message ?? '', /The name of the bucket has dots/);
    const elsewhere = connection(withConnectionSpec({ endpoint: 'https://minio.example' }));
    const [accepted] = runPreflight(importFacts({ source, connection: elsewhere }));
    assert.equal(accepted?.message, 'The spec makes sense.');
  });

  test('[P-08] an access point by its ARN cannot stand in the path of a request', () => {
    const bucket = 'arn:aws:s3:us-east-1:111122223333:accesspoint/import';
    const source = importSource(withSpec({ bucket }));
    const byPath = connection(withConnectionSpec({ forcePathStyle: true }));
    const last = runPreflight(importFacts({ source, connection: byPath })).at(-1);
    assert.deepEqual([last?.type, last?.status, last?.reason], ['Accepted', 'False', 'InvalidSpec']);
    assert.match(
      last?.message ?? '',
      /Set its spec\.forcePathStyle to false, or name the access point by its alias/,
    );
    for (const facts of [
      importFacts({ source }),
      importFacts({
        source: importSource(withSpec({ bucket: 'import-abcdefghij-s3alias' })),
        connection: byPath,
      }),
    ]) {
      assert.ok(runPreflight(facts).every(({ status }) => status === 'True'));
    }
  });

  test('a dependency without conditions has not been looked at', () => {
    const fresh = { ...connection(), status: { observedGeneration: -1 } };
    const last = runPreflight(importFacts({ connection: fresh })).at(-1);
    assert.deepEqual(
      [last?.status, last?.message],
      ['Unknown', 'S3Connection acme-lake has not been looked at yet.'],
    );
  });
});
