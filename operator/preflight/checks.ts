import type { ConditionType } from '../../crds/conditions.ts';
import type { Reason } from '../../crds/reasons.ts';
import { messageOf } from '../../lib/errors.ts';
import { failed, findingOf, gatesUntil, passed, unknown, type Finding } from '../conditions/finding.ts';
import type { ImportFacts } from '../controllers/s3-import-source/facts.ts';
import { findContradiction } from './find-contradiction.ts';

/** Says what is wrong, or nothing. Pure: it sees the facts alone. */
type Check = (facts: ImportFacts) => Finding | undefined;

/** What keeps a source from being worked on at all, each named by what is wrong. The order is that of the gates. */
const chain: readonly Check[] = [
  patternDoesNotCompile,
  filesAreContradictory,
  accessPointIsInThePath,
  ledgerIsTaken,
  conversionIsMissing,
  converterDoesNotCompile,
  connectionIsAbsent,
  storeIsAbsent,
  conversionIsNotThere,
  connectionIsNotReady,
  storeIsNotReady,
  projectIsUnknown,
  accessIsNotResolved,
];

/** The findings on `Accepted` and `ResolvedRefs`; both True: the source can be worked on. */
export function runPreflight(facts: ImportFacts): readonly Finding[] {
  const passes = [
    passed('Accepted', 'Accepted', describeAccepted(facts)),
    passed('ResolvedRefs', 'ResolvedRefs', 'Everything that the spec names is there and ready.'),
  ];
  for (const check of chain) {
    const finding = check(facts);
    if (finding !== undefined) return gatesUntil(passes, finding);
  }
  return passes;
}

/** What works, but will trouble somebody. */
function describeAccepted({ source, connection }: ImportFacts): string {
  const { bucket } = source.spec;
  const isOfAmazon = connection !== undefined && connection.spec.endpoint === undefined;
  const dots =
    isOfAmazon && bucket.includes('.')
      ? ' The name of the bucket has dots, which no certificate of Amazon covers: requests carry it in the path. ' +
        'Access points and transfer acceleration cannot be used with it.'
      : '';
  return `The spec makes sense.${dots}`;
}

function patternDoesNotCompile({ pattern }: ImportFacts): Finding | undefined {
  return pattern?.kind === 'invalid'
    ? failed('Accepted', 'InvalidPattern', `spec.files.pattern.regex: ${pattern.message}`)
    : undefined;
}

function filesAreContradictory({ source, conversion }: ImportFacts): Finding | undefined {
  const compiled = conversion.kind === 'read' ? conversion.compiled : undefined;
  const document = compiled?.kind === 'compiled' ? compiled.settings : undefined;
  const contradiction = findContradiction(source.spec.files, document);
  return contradiction === undefined ? undefined : failed('Accepted', 'InvalidFormat', contradiction);
}

function accessPointIsInThePath({ source, connection }: ImportFacts): Finding | undefined {
  const isARN = source.spec.bucket.startsWith('arn:');
  if (!isARN || connection?.spec.forcePathStyle !== true) return undefined;
  return failed(
    'Accepted',
    'InvalidSpec',
    'spec.bucket is the ARN of an access point, which has a host name of its own, and S3Connection ' +
      `${connection.metadata.name} puts buckets into the path of requests. Set its spec.forcePathStyle to false, or name ` +
      'the access point by its alias.',
  );
}

function ledgerIsTaken({ rival, source }: ImportFacts): Finding | undefined {
  if (rival === undefined) return undefined;
  const ledger = source.spec.ledgerName ?? source.metadata.name;
  return failed(
    'Accepted',
    'ConflictingResource',
    `S3ImportSource ${rival} keeps the ledger ${ledger} of this bucket, prefix and project already. ` +
      'Delete one of the two, or make this one anew with another ledgerName; it then imports every file itself.',
  );
}

function conversionIsMissing({ conversion }: ImportFacts): Finding | undefined {
  return conversion.kind === 'missing'
    ? failed(
        'Accepted',
        'ConversionMissing',
        'spec.conversion is not set yet, so nothing is looked for. Set it; try it first with millrace preview.',
      )
    : undefined;
}

function converterDoesNotCompile({ conversion }: ImportFacts): Finding | undefined {
  if (conversion.kind !== 'read' || conversion.compiled.kind !== 'invalid') return undefined;
  const { errors } = conversion.compiled;
  const shown = errors.slice(0, shownErrors).map(({ path, message }) => `${path}: ${message}`);
  const more = errors.length > shown.length ? [`and ${errors.length - shown.length} more`] : [];
  return failed('Accepted', 'ConverterInvalid', [...shown, ...more].join(' '));
}

const shownErrors = 5;

function connectionIsAbsent({ connection, source }: ImportFacts): Finding | undefined {
  return connection === undefined
    ? absent('ConnectionNotFound', 'S3Connection', source.spec.connectionRef.name)
    : undefined;
}

function storeIsAbsent({ eventStore, source }: ImportFacts): Finding | undefined {
  return eventStore === undefined
    ? absent('StoreNotFound', 'EventStore', source.spec.storeRef.name)
    : undefined;
}

function absent(reason: Reason, kind: string, name: string): Finding {
  return failed('ResolvedRefs', reason, `There is no ${kind} ${name} in this namespace. Create it.`);
}

function conversionIsNotThere({ conversion }: ImportFacts): Finding | undefined {
  return conversion.kind === 'unresolved'
    ? findingOf(conversion.error, 'ResolvedRefs', [{ type: 'Accepted' }, { type: 'ResolvedRefs' }])
    : undefined;
}

function connectionIsNotReady({ connection }: ImportFacts): Finding | undefined {
  return connection && notReady('S3Connection', connection);
}

/** The store's status is of another operator's time: this one has not opened it yet, but is about to. */
export function isStoreOpening({
  eventStore,
  session,
}: Pick<ImportFacts, 'eventStore' | 'session'>): boolean {
  return (
    session === undefined && eventStore !== undefined && notReady('EventStore', eventStore) === undefined
  );
}

function storeIsNotReady({ eventStore, session }: ImportFacts): Finding | undefined {
  if (eventStore === undefined) return undefined;
  const finding = notReady('EventStore', eventStore);
  if (finding !== undefined || session !== undefined) return finding;
  return unknown(
    'ResolvedRefs',
    'DependencyNotReady',
    `EventStore ${eventStore.metadata.name} is being opened.`,
  );
}

interface Dependency {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
    }[];
  };
}

function notReady(kind: string, { metadata, status }: Dependency): Finding | undefined {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const type: ConditionType = 'ResolvedRefs';
  if (ready === undefined || ready.status === 'Unknown') {
    return unknown(type, 'DependencyNotReady', `${kind} ${metadata.name} has not been looked at yet.`);
  }
  return ready.status === 'True'
    ? undefined
    : failed(
        type,
        'DependencyNotReady',
        `${kind} ${metadata.name} is not Ready (${ready.reason}). kubectl describe ${kind.toLowerCase()} ` +
          `${metadata.name} says what to do.`,
      );
}

function projectIsUnknown({ eventStore, source }: ImportFacts): Finding | undefined {
  if (eventStore === undefined) return undefined;
  const { projectID } = source.spec;
  const known = eventStore.spec.projects.map(({ id }) => id);
  if (known.includes(projectID)) return undefined;
  return failed(
    'ResolvedRefs',
    'ProjectNotFound',
    `EventStore ${eventStore.metadata.name} has no project ${projectID}; it has ${known.toSorted().join(', ')}. ` +
      'Add it to spec.projects of the store.',
  );
}

/** The connection's own look, which says the same in its status, may not have come yet. */
function accessIsNotResolved({ access, source }: ImportFacts): Finding | undefined {
  if (access === undefined || !('error' in access)) return undefined;
  const { name } = source.spec.connectionRef;
  return failed('ResolvedRefs', 'DependencyNotReady', `S3Connection ${name}: ${messageOf(access.error)}`);
}
