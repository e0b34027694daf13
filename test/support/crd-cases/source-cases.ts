import { sourceManifest } from '../manifests.ts';
import { accepted, acceptedWith, refused, type CrdCase } from './crd-case.ts';

const amplitude = { convertToAmplitudeFunc: { event_type: 'event' } };

export const sourceCases: readonly CrdCase[] = [
  {
    name: 'a source with what is required is accepted, and the defaults are filled in',
    object: sourceManifest({ prefix: undefined }),
    expect: acceptedWith({
      'spec.prefix': '',
      'spec.suspend': false,
      'spec.files.compression': 'Auto',
      'spec.files.csv': undefined,
      'spec.discovery.interval': '1m',
      'spec.errors.maxAttempts': 5,
      'spec.workers': {
        max: 4,
        lingerSeconds: 30,
        maxLifetime: '1h',
        resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '512Mi' } },
      },
    }),
  },
  {
    name: '[I-16] a source without conversion, which is unfinished, is accepted',
    object: sourceManifest({ conversion: undefined }),
    expect: acceptedWith({ 'spec.conversion': undefined }),
  },
  {
    name: '[I-16] a source can be finished later, and its conversion changed and taken away again',
    object: sourceManifest({ conversion: undefined }),
    update: sourceManifest(),
    expect: accepted,
  },
  ...['connectionRef', 'bucket', 'storeRef', 'projectID', 'files', 'destination'].map((field) => ({
    name: `a source without ${field} is refused`,
    object: sourceManifest({ [field]: undefined }),
    expect: refused(`spec.${field}`, 'Required value'),
  })),

  // Bucket and prefix
  ...['abc', 'a.b-c', '1'.repeat(63)].map((bucket) => ({
    name: `[I-10] the bucket ${bucket} is accepted`,
    object: sourceManifest({ bucket }),
    expect: accepted,
  })),
  ...[
    'arn:aws:s3:us-east-1:111122223333:accesspoint/acme-import',
    'acme-import-k5s1vz1obm4oqeuw6ijd4wq6tseuw1a-s3alias',
  ].map((bucket) => ({
    name: `[P-08] the access point ${bucket} is accepted for a bucket`,
    object: sourceManifest({ bucket }),
    expect: accepted,
  })),
  ...[
    'ab',
    'Acme',
    'acme_events',
    '-acme',
    'acme.',
    'ac..me',
    '192.168.0.1',
    's3://acme',
    'arn:aws:s3:::acme',
    'acme\n',
  ].map((bucket) => ({
    name: `[I-10] the bucket ${JSON.stringify(bucket)} is refused`,
    object: sourceManifest({ bucket }),
    expect: refused('spec.bucket', 'must be the name of a bucket: 3 to 63 lower-case letters'),
  })),
  ...['', 'web/', 'a b/ü/2026/'].map((prefix) => ({
    name: `[I-10] the prefix ${JSON.stringify(prefix)} is accepted`,
    object: sourceManifest({ prefix }),
    expect: accepted,
  })),
  ...['web', '/web/', '/'].map((prefix) => ({
    name: `[I-10] the prefix ${JSON.stringify(prefix)} is refused`,
    object: sourceManifest({ prefix }),
    expect: refused('spec.prefix', 'must be empty, or end with / and not begin with it'),
  })),

  // What cannot change
  {
    name: '[R-30] [I-12] [C-02] the bucket of a source cannot change',
    object: sourceManifest(),
    update: sourceManifest({ bucket: 'other-bucket' }),
    expect: refused(
      'spec.bucket',
      "spec.bucket cannot change: a source's ledger belongs to its bucket. Create a new S3ImportSource for the other bucket.",
    ),
  },
  {
    name: '[R-30] [I-12] [C-02] the prefix of a source cannot change',
    object: sourceManifest(),
    update: sourceManifest({ prefix: 'other/' }),
    expect: refused('spec.prefix', 'Create a new S3ImportSource for the other prefix.'),
  },
  {
    name: '[R-30] [I-12] [C-02] the prefix of a source cannot be removed later',
    object: sourceManifest(),
    update: sourceManifest({ prefix: undefined }),
    expect: refused('spec.prefix', 'spec.prefix cannot change'),
  },
  {
    name: '[R-30] [I-12] [C-02] the prefix of a source cannot be added later',
    object: sourceManifest({ prefix: undefined }),
    update: sourceManifest(),
    expect: refused('spec.prefix', 'spec.prefix cannot change'),
  },
  {
    name: '[I-12] [C-02] the connection of a source cannot change',
    object: sourceManifest(),
    update: sourceManifest({ connectionRef: { name: 'other' } }),
    expect: refused('spec.connectionRef', 'Rotate the credentials in the S3Connection'),
  },
  {
    name: '[R-30] [C-02] the store of a source cannot change',
    object: sourceManifest(),
    update: sourceManifest({ storeRef: { name: 'other' } }),
    expect: refused('spec.storeRef', "the source's ledger is in that store"),
  },
  {
    name: '[R-30] [C-02] the project of a source cannot change',
    object: sourceManifest(),
    update: sourceManifest({ projectID: '2' }),
    expect: refused('spec.projectID', 'Create a new S3ImportSource for the other project'),
  },
  {
    name: '[R-30] [C-02] the ledger of a source cannot change',
    object: sourceManifest({ ledgerName: 'old-name' }),
    update: sourceManifest({ ledgerName: 'other-name' }),
    expect: refused('spec.ledgerName', 'create one of the new name whose spec.ledgerName is the old name'),
  },
  {
    name: '[C-02] a ledger of another name cannot be added to a source later',
    object: sourceManifest(),
    update: sourceManifest({ ledgerName: 'other-name' }),
    expect: refused('spec.ledgerName', 'every file would be imported again'),
  },
  {
    name: '[C-02] a ledger of another name cannot be removed from a source later',
    object: sourceManifest({ ledgerName: 'other-name' }),
    update: sourceManifest(),
    expect: refused('spec.ledgerName', 'every file would be imported again'),
  },
  {
    name: '[C-02] the ledger that a source has by its name may be written down later',
    object: sourceManifest(),
    update: sourceManifest({ ledgerName: 'web-events' }),
    expect: accepted,
  },

  // What can
  {
    name: '[I-13] [C-02] names, files, conversion, workers and errors of a source can change',
    object: sourceManifest({ displayName: 'Old' }),
    update: sourceManifest({
      displayName: 'New',
      description: 'Told anew',
      files: { format: 'CSV', compression: 'None', pattern: { regex: '.*' }, csv: { delimiter: ';' } },
      conversion: { amplitude: { configMapRef: { name: 'converter' } } },
      discovery: { interval: '5m' },
      workers: { max: 9 },
      errors: { maxAttempts: 1 },
    }),
    expect: acceptedWith({
      'spec.displayName': 'New',
      'spec.conversion.amplitude': { configMapRef: { name: 'converter', key: 'converter.json' } },
      'spec.workers.max': 9,
    }),
  },
  {
    name: '[I-14] a source can be switched off',
    object: sourceManifest(),
    update: sourceManifest({ suspend: true }),
    expect: acceptedWith({ 'spec.suspend': true }),
  },
  {
    name: '[I-14] a source can be switched on again',
    object: sourceManifest({ suspend: true }),
    update: sourceManifest(),
    expect: acceptedWith({ 'spec.suspend': false }),
  },

  // Files
  {
    name: '[I-24] a pattern is accepted',
    object: sourceManifest({ files: { format: 'JSONLines', pattern: { regex: '.*\\.json\\.gz' } } }),
    expect: accepted,
  },
  {
    name: '[I-24] a pattern of no kind is refused',
    object: sourceManifest({ files: { format: 'JSONLines', pattern: {} } }),
    expect: refused('spec.files.pattern', 'must set exactly one kind of pattern: regex'),
  },
  {
    name: '[I-26] the whole dialect of a CSV file is accepted, with an escape character and columns',
    object: sourceManifest({
      files: {
        format: 'CSV',
        csv: { delimiter: '\t', quote: "'", escape: '\\', header: false, columns: ['a', 'b', 'c'] },
      },
    }),
    expect: accepted,
  },
  {
    name: '[I-26] the dialect of a CSV file has defaults',
    object: sourceManifest({ files: { format: 'CSV', csv: {} } }),
    expect: acceptedWith({
      'spec.files.csv': { delimiter: ',', quote: '"', escape: '', header: true, relaxQuotes: false },
    }),
  },
  {
    name: '[I-26] a CSV file without quotes is accepted',
    object: sourceManifest({ files: { format: 'CSV', csv: { quote: '', escape: '' } } }),
    expect: acceptedWith({ 'spec.files.csv.quote': '', 'spec.files.csv.escape': '' }),
  },
  {
    name: '[I-27] Parquet files are accepted, with settings of their own that have defaults',
    object: sourceManifest({ files: { format: 'Parquet', compression: 'None', parquet: {} } }),
    expect: acceptedWith({ 'spec.files.parquet': { binaryAsText: false, maxPageMemory: '192Mi' } }),
  },
  {
    name: '[I-27] settings for Parquet with another format are refused',
    object: sourceManifest({ files: { format: 'JSONLines', parquet: {} } }),
    expect: refused('spec.files.parquet', 'only files of the format Parquet have settings for Parquet'),
  },
  {
    name: '[I-27] Parquet files that would be compressed as a whole are refused',
    object: sourceManifest({ files: { format: 'Parquet', compression: 'Gzip' } }),
    expect: refused('spec.files.compression', 'Parquet files compress their own pages'),
  },
  {
    name: '[I-27] a memory for pages without a unit is refused',
    object: sourceManifest({ files: { format: 'Parquet', parquet: { maxPageMemory: '192' } } }),
    expect: refused('spec.files.parquet.maxPageMemory', 'should match'),
  },
  {
    name: '[I-26] settings for CSV with another format are refused',
    object: sourceManifest({ files: { format: 'JSONLines', csv: {} } }),
    expect: refused('spec.files.csv', 'only files of the format CSV have settings for CSV'),
  },
  {
    name: '[I-26] a CSV file with neither header nor columns is refused',
    object: sourceManifest({ files: { format: 'CSV', csv: { header: false } } }),
    expect: refused('spec.files.csv.columns', 'the names of the columns come from exactly one place'),
  },
  {
    name: '[I-26] a CSV file with both header and columns is refused',
    object: sourceManifest({ files: { format: 'CSV', csv: { columns: ['a'] } } }),
    expect: refused('spec.files.csv.columns', 'the names of the columns come from exactly one place'),
  },
  {
    name: '[I-26] an empty delimiter is refused',
    object: sourceManifest({ files: { format: 'CSV', csv: { delimiter: '' } } }),
    expect: refused('spec.files.csv.delimiter', 'at least 1 chars'),
  },
  {
    name: '[I-26] a line break as delimiter is refused',
    object: sourceManifest({ files: { format: 'CSV', csv: { delimiter: '\r\n' } } }),
    expect: refused('spec.files.csv.delimiter', 'must not contain a line break'),
  },
  ...(['quote', 'escape'] as const).map((field) => ({
    name: `[I-26] a line break as ${field} is refused`,
    object: sourceManifest({ files: { format: 'CSV', csv: { [field]: '\n' } } }),
    expect: refused(`spec.files.csv.${field}`, 'must not be a line break'),
  })),
  ...[
    { delimiter: '"', quote: '"' },
    { delimiter: '|', quote: "'", escape: '|' },
    { delimiter: '~|~', quote: '|' },
  ].map((csv) => ({
    name: `[I-26] a delimiter that holds the quote or the escape is refused: ${Object.values(csv).join(' ')}`,
    object: sourceManifest({ files: { format: 'CSV', csv } }),
    expect: refused('spec.files.csv.delimiter', 'must not contain the quote or the escape character'),
  })),
  {
    name: '[I-26] without quotes, the escape is nothing that the delimiter could hold',
    object: sourceManifest({ files: { format: 'CSV', csv: { delimiter: '|', quote: '', escape: '|' } } }),
    expect: accepted,
  },
  {
    name: '[I-26] a quote of two characters is refused',
    object: sourceManifest({ files: { format: 'CSV', csv: { quote: '""' } } }),
    expect: refused('spec.files.csv.quote', 'may not be more than 1'),
  },
  {
    name: '[I-28] a compression that is not served is refused, and the answer lists those that are',
    object: sourceManifest({ files: { format: 'JSONLines', compression: 'Zstd' } }),
    expect: refused('spec.files.compression', 'supported values: "Auto", "None", "Gzip"'),
  },
  {
    name: 'a format that is not served is refused, and the answer lists those that are',
    object: sourceManifest({ files: { format: 'Avro' } }),
    expect: refused('spec.files.format', 'supported values: "JSONLines", "CSV", "Parquet"'),
  },

  // Unions
  {
    name: 'a conversion of no kind is refused',
    object: sourceManifest({ conversion: {} }),
    expect: refused('spec.conversion', 'must set exactly one kind of conversion: amplitude'),
  },
  {
    name: 'a converter from nowhere is refused',
    object: sourceManifest({ conversion: { amplitude: {} } }),
    expect: refused('spec.conversion.amplitude', 'must set exactly one of convertToAmplitudeFunc'),
  },
  {
    name: 'a converter from two places is refused',
    object: sourceManifest({ conversion: { amplitude: { ...amplitude, configMapRef: { name: 'c' } } } }),
    expect: refused('spec.conversion.amplitude', 'must set exactly one of convertToAmplitudeFunc'),
  },
  {
    name: 'an ignore flag beside a converter document is refused',
    object: sourceManifest({
      conversion: { amplitude: { configMapRef: { name: 'c' }, ignoreEventFlag: '$ignore' } },
    }),
    expect: refused('spec.conversion.amplitude.ignoreEventFlag', 'goes with convertToAmplitudeFunc only'),
  },
  {
    name: 'a converter keeps every field as it is written, null and numbers too',
    object: sourceManifest({
      conversion: {
        amplitude: {
          convertToAmplitudeFunc: { a: ['value', null], b: { c: ['any', 'x', ['value', 1.5]] } },
          ignoreEventFlag: '$ignore',
        },
      },
    }),
    expect: acceptedWith({
      'spec.conversion.amplitude.convertToAmplitudeFunc': {
        a: ['value', null],
        b: { c: ['any', 'x', ['value', 1.5]] },
      },
    }),
  },
  {
    name: 'a field that is taken out of a converter is gone, and does not linger by a merge',
    object: sourceManifest({
      conversion: { amplitude: { convertToAmplitudeFunc: { a: 'x', b: 'y' } } },
    }),
    update: sourceManifest({ conversion: { amplitude: { convertToAmplitudeFunc: { a: 'x' } } } }),
    expect: acceptedWith({ 'spec.conversion.amplitude.convertToAmplitudeFunc': { a: 'x' } }),
  },
  {
    name: 'a converter that is a text is refused',
    object: sourceManifest({ conversion: { amplitude: { convertToAmplitudeFunc: 'event' } } }),
    expect: refused('', '.spec.conversion.amplitude.convertToAmplitudeFunc: expected map'),
  },
  {
    name: 'a converter of more than 256 fields is refused',
    object: sourceManifest({
      conversion: {
        amplitude: {
          convertToAmplitudeFunc: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`f${i}`, 'x'])),
        },
      },
    }),
    expect: refused('spec.conversion.amplitude.convertToAmplitudeFunc', 'must have at most 256 items'),
  },
  {
    name: 'a destination of no kind is refused',
    object: sourceManifest({ destination: {} }),
    expect: refused('spec.destination', 'must set exactly one destination: eventStore'),
  },

  // Times, numbers, pods
  ...['4s', '24h1s'].map((interval) => ({
    name: `the interval ${interval} is refused`,
    object: sourceManifest({ discovery: { interval } }),
    expect: refused('spec.discovery.interval', 'must be between 5s and 24h'),
  })),
  {
    name: 'a lifetime of workers under a minute is refused',
    object: sourceManifest({ workers: { maxLifetime: '59s' } }),
    expect: refused('spec.workers.maxLifetime', 'must be between 1m and 24h'),
  },
  {
    name: 'no workers at all are refused: that is what suspend is for',
    object: sourceManifest({ workers: { max: 0 } }),
    expect: refused('spec.workers.max', 'greater than or equal to 1'),
  },
  {
    name: 'no attempts at all are refused',
    object: sourceManifest({ errors: { maxAttempts: 0 } }),
    expect: refused('spec.errors.maxAttempts', 'greater than or equal to 1'),
  },
  {
    name: 'resources of workers are taken as they are, without the defaults of the rest',
    object: sourceManifest({ workers: { resources: { requests: { cpu: 2, memory: '2Gi' } } } }),
    expect: acceptedWith({ 'spec.workers.resources': { requests: { cpu: 2, memory: '2Gi' } } }),
  },
  {
    name: 'a memory that is no quantity is refused',
    object: sourceManifest({ workers: { resources: { limits: { memory: '2 GB' } } } }),
    expect: refused('spec.workers.resources.limits.memory', 'should match'),
  },
  {
    name: 'selectors, tolerations, priority and labels of workers are accepted',
    object: sourceManifest({
      workers: {
        scheduling: {
          nodeSelector: { 'kubernetes.io/arch': 'amd64' },
          tolerations: [
            { key: 'spot', operator: 'Exists' },
            { operator: 'Exists' },
            { key: 'team', value: 'growth', effect: 'NoExecute', tolerationSeconds: 60 },
          ],
          priorityClassName: 'batch-low',
        },
        labels: { team: 'growth', 'acme.example/cost-centre': '', 'mymillrace.dev/x': 'y' },
      },
    }),
    expect: acceptedWith({ 'spec.workers.scheduling.tolerations[2].operator': 'Equal' }),
  },
  {
    name: 'a toleration of a value that need only exist is refused',
    object: sourceManifest({
      workers: { scheduling: { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] } },
    }),
    expect: refused('spec.workers.scheduling.tolerations[0].value', 'must be empty with the operator Exists'),
  },
  {
    name: 'a toleration of no key is refused',
    object: sourceManifest({ workers: { scheduling: { tolerations: [{ value: 'b' }] } } }),
    expect: refused('spec.workers.scheduling.tolerations[0].key', 'must be set with the operator Equal'),
  },
  {
    name: 'a toleration for a while of what does not evict is refused',
    object: sourceManifest({
      workers: {
        scheduling: {
          tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }],
        },
      },
    }),
    expect: refused(
      'spec.workers.scheduling.tolerations[0].tolerationSeconds',
      'goes with the effect NoExecute only',
    ),
  },
  ...[
    'millrace.dev/source',
    'x.millrace.dev/a',
    'batch.kubernetes.io/job-name',
    'app.kubernetes.io/name',
  ].map((key) => ({
    name: `the label ${key} on workers is refused, since others set it`,
    object: sourceManifest({ workers: { labels: { [key]: 'mine' } } }),
    expect: refused('spec.workers.labels', 'must not have keys with a domain of millrace.dev'),
  })),
  {
    name: 'a label of workers with a space in its key is refused',
    object: sourceManifest({ workers: { labels: { 'my team': 'x' } } }),
    expect: refused('spec.workers.labels', 'must have the keys of labels'),
  },
  {
    name: 'a label of workers with a space in its value is refused',
    object: sourceManifest({ workers: { labels: { team: 'a b' } } }),
    expect: refused('spec.workers.labels.team', 'should match'),
  },
  {
    name: '[I-46][I-47] a source may have limits of its own, either of them',
    object: sourceManifest({ limits: { eventsPerSecond: 100 } }),
    expect: acceptedWith({ 'spec.limits': { eventsPerSecond: 100 } }),
  },
  ...['0%', '1%', '0.5%', '99.999%', '100%'].map((maxRejectShare) => ({
    name: `${maxRejectShare} is accepted as a share of rejects`,
    object: sourceManifest({ errors: { maxRejectShare } }),
    expect: acceptedWith({ 'spec.errors.maxRejectShare': maxRejectShare }),
  })),
  ...['1', '101%', '-1%', '0.01', '1 %'].map((maxRejectShare) => ({
    name: `${maxRejectShare} is refused as a share of rejects`,
    object: sourceManifest({ errors: { maxRejectShare } }),
    expect: refused('spec.errors.maxRejectShare', 'should match'),
  })),
  ...['schedule', 'sync', 'notify'].map((field) => ({
    name: `the field ${field} of a source, which nothing serves yet, is refused as unknown`,
    object: sourceManifest({ [field]: {} }),
    expect: refused('', `.spec.${field}: field not declared in schema`),
  })),
];
