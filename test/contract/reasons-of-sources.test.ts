import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { conditions, type ConditionType } from '../../crds/conditions.ts';
import { reasonNames, reasons, type Reason, type ReasonEntry } from '../../crds/reasons.ts';
import { exitCodes } from '../../lib/contract/exit-codes.ts';
import { TerminalError } from '../../lib/errors.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import { finished } from '../support/builders/jobs.ts';
import { endedWith, unschedulable, waitingFor, type PodChanges } from '../support/builders/worker-pod.ts';
import { createSourceWorld, type SourceWorld } from '../support/source-world.ts';

/** Brings the world of a source, whose bucket has a file, to where a pass gives the reason. */
type Reach = (world: SourceWorld) => Promise<void>;

const storage: ReadonlySet<ConditionType> = new Set([
  'Authenticated',
  'BucketAccessible',
  'PermissionsVerified',
]);

/** S3 answers with what becomes this reason; that it does so is shown where foreign errors are converted. */
function refusedByS3(reason: Reason): Reach {
  return (world) => {
    const error = new TerminalError({ reason, message: `What S3 said of ${reason}.` });
    world.bucket.listPage = () => Promise.reject(error);
    return Promise.resolve();
  };
}

function withPod(status: NonNullable<PodChanges['status']>): Reach {
  return async (world) => {
    await world.reconcile();
    const [job] = await world.jobs();
    const name = job?.metadata.name ?? '';
    await world.setJobStatus(name, { active: 1, ready: 0, startTime: '2026-01-01T00:00:00Z' });
    await world.addPod(name, { status });
  };
}

function withSpec(changes: Parameters<SourceWorld['applySource']>[0]): Reach {
  return (world) => world.applySource(changes);
}

function without(type: (typeof resourceTypes)[keyof typeof resourceTypes], name: string): Reach {
  return async (world) => {
    await world.client.delete(type, { namespace: world.namespace, name });
  };
}

function withRefusal(note: string): Reach {
  return async (world) => {
    await world.reconcile();
    const [job] = await world.jobs();
    assert.ok(job);
    await world.setJobStatus(job.metadata.name ?? '', { active: 0, startTime: '2026-01-01T00:00:00Z' });
    await world.tellRefusal(job, note);
  };
}

const fromConfigMap = { amplitude: { configMapRef: { name: 'converter', key: 'converter.json' } } };

const reached: Partial<Readonly<Record<Reason, Reach>>> = {
  InvalidFormat: withSpec({ files: { format: 'CSV', csv: { columns: ['a', 'b', 'a'], header: false } } }),
  InvalidPattern: withSpec({ files: { format: 'JSONLines', pattern: { regex: '(' } } }),
  ConversionMissing: async (world) => {
    await without(resourceTypes.s3ImportSources, 'web-events')(world);
    await world.applySource({ conversion: undefined });
  },
  ConverterInvalid: withSpec({
    conversion: { amplitude: { convertToAmplitudeFunc: { event_type: ['no-such'] } } },
  }),
  ConflictingResource: async (world) => {
    const source = await world.source();
    await without(resourceTypes.s3ImportSources, 'web-events')(world);
    await world.applySource({ ledgerName: 'web-events' }, 'a-rival');
    await world.clock.advance(1_000);
    await world.applySource({ ...source.spec });
    const rival = await world.source('a-rival');
    const key = { namespace: world.namespace, name: 'web-events' };
    // Both were made within one second of the clock of the API: the name decides.
    assert.ok(rival.metadata.name < key.name);
  },
  DependencyNotReady: without(resourceTypes.secrets, 'lake-keys'),
  ConnectionNotFound: without(resourceTypes.s3Connections, 'lake'),
  StoreNotFound: without(resourceTypes.eventStores, 'analytics'),
  ProjectNotFound: async (world) => {
    const source = await world.source();
    await without(resourceTypes.s3ImportSources, 'web-events')(world);
    await world.applySource({ ...source.spec, projectID: '999' });
  },
  ConfigMapNotFound: withSpec({ conversion: fromConfigMap }),
  ConfigMapKeyMissing: async (world) => {
    const metadata = { name: 'converter', namespace: world.namespace };
    await world.client.create(resourceTypes.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await world.applySource({ conversion: fromConfigMap });
  },
  SecretAccessForbidden: async (world) => {
    await world.applySource({ conversion: fromConfigMap });
    world.refused.set('find configmaps', 403);
  },
  WorkersStarting: async (world) => {
    await world.reconcile();
    const [job] = await world.jobs();
    await world.setJobStatus(job?.metadata.name ?? '', { active: 1, startTime: '2026-01-01T00:00:00Z' });
  },
  WorkerCreateFailed: (world) => {
    world.refused.set('apply jobs', 500);
    return Promise.resolve();
  },
  WorkerForbidden: withRefusal('Error creating: pods "x" is forbidden: violates PodSecurity "restricted"'),
  PodAccessForbidden: async (world) => {
    await withPod({})(world);
    world.refused.set('list pods', 403);
  },
  PodQuotaExceeded: withRefusal(
    'Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
  ),
  PodUnschedulable: withPod(unschedulable('0/1 nodes are available: 1 Insufficient cpu.')),
  ImagePullFailed: withPod(waitingFor('ImagePullBackOff', 'not found')),
  ContainerConfigError: withPod(waitingFor('CreateContainerConfigError', 'secret "x" not found')),
  WorkerOOMKilled: withPod(endedWith(137, { reason: 'OOMKilled' })),
  WorkerCrashed: withPod(endedWith(exitCodes.crashed)),
  WorkerConfigInvalid: withPod(endedWith(exitCodes.configuration)),
  WorkerCredentialsRejected: withPod(endedWith(exitCodes.credentials)),
  WorkerPermissionDenied: withPod(endedWith(exitCodes.permission)),
  MaxFailedShardsExceeded: async (world) => {
    await world.reconcile();
    const [job] = await world.jobs();
    await world.setJobStatus(job?.metadata.name ?? '', finished('Failed'));
    await world.reconcile().catch(() => {});
  },
  ImportingFiles: (world) => world.reconcile().then(() => {}),
  ListingIncomplete: refusedByS3('Throttled'),
  KeyUnstorable: (world) => {
    world.bucket.put('web/a\0b.json');
    return Promise.resolve();
  },
  FilesFailed: async (world) => {
    await world.reconcile();
    world.ledger.counted = { done: 0, failed: 1 };
    await world.clock.advance(30_000);
  },
  MostRowsRejected: async (world) => {
    await world.reconcile();
    world.ledger.counted = { done: 1, failed: 0, rejected: 5 };
    await world.clock.advance(30_000);
  },
  ObjectArchived: (world) => {
    world.bucket.put('web/frozen.json', { storageClass: 'GLACIER' });
    return Promise.resolve();
  },
};

/** Reasons of a source that no pass of the operator gives, and who gives them. */
const elsewhere: Partial<Readonly<Record<Reason, string>>> = {
  InvalidSpec: 'commands, of a manifest that the API server never sees',
};

/** Whatever keeps a source from being well and stands on a condition of its own. */
function reachable(): readonly (readonly [reason: Reason, on: readonly ConditionType[]])[] {
  return reasonNames.flatMap((name) => {
    const entry: ReasonEntry = reasons[name];
    const on = entry.on.filter((place): place is ConditionType => isOwnCondition(place));
    const told = entry.class !== 'N' && entry.kinds.includes('S3ImportSource') && on.length > 0;
    return told && name !== 'Blocked' && !Object.hasOwn(elsewhere, name) ? [[name, on] as const] : [];
  });
}

function isOwnCondition(place: string): boolean {
  const entry = Object.hasOwn(conditions, place) ? conditions[place as ConditionType] : undefined;
  const kinds: readonly string[] = entry?.kinds ?? [];
  return (
    kinds.includes('S3ImportSource') &&
    (entry?.role === 'gate' || entry?.role === 'report' || place === 'Degraded')
  );
}

let world: SourceWorld;

/** A world for each test: hooks of a file would run for the tests of all files of its process. */
function inItsOwnWorld(): void {
  beforeEach(async () => {
    world = await createSourceWorld();
    world.bucket.put('web/a.json');
  });
  afterEach(() => world.stop());
}

async function written(): Promise<unknown> {
  const versions = [await world.source(), ...(await world.jobs())].map(
    ({ metadata }) => metadata.resourceVersion,
  );
  return [versions, world.ledger.writes, world.ledger.discovery.pages.length, world.events.length];
}

suite('each reason that keeps a source from being well', () => {
  inItsOwnWorld();

  for (const [reason, on] of reachable()) {
    test(`[C-06] ${reason} is reached, and a second pass over the same world writes nothing`, async () => {
      const reach =
        reached[reason] ?? (on.some((type) => storage.has(type)) ? refusedByS3(reason) : undefined);
      assert.ok(reach, `${reason} is in the table and no case shows it; add one`);
      await reach(world);
      await world.reconcile().catch(() => {});
      const { conditions: told = [] } = (await world.source()).status;
      const found = told.filter((one) => one.reason === reason).map(({ type }) => type);
      assert.ok(
        found.some((type) => (on as readonly string[]).includes(type)),
        `it stands on ${found.join()}: ${JSON.stringify(told)}`,
      );
      const before = await written();
      await world.reconcile().catch(() => {});
      assert.deepEqual(await written(), before);
    });
  }

  test('an error that nobody foresaw is told as such', async () => {
    world.bucket.listPage = () => Promise.reject(new TypeError('x is not a function'));
    await world.reconcile().catch(() => {});
    const ready = (await world.source()).status.conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual([ready?.status, ready?.reason], ['False', 'UnknownError']);
  });
});
