import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { BaseIdentity, IdentityObserver } from '../../../lib/aws/identity-plan.ts';
import { identify } from '../../../lib/aws/identify.ts';
import type { CallerIdentity, IdentityRequest } from '../../../lib/aws/sts.ts';
import type { Clock } from '../../../lib/clock.ts';
import { TransientError } from '../../../lib/errors.ts';
import { retireExternalId } from '../../external-ids.ts';
import type { WorkerImage } from '../../resources/import-task.ts';
import type { Job } from '../../resources/worker-job.ts';
import type { ObjectStores } from '../../object-stores.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import type { ReconcileResult } from '../../runtime/controller.ts';
import { formatKey, keyOf, type ObjectKey } from '../../runtime/objects.ts';
import type { Store as Cache } from '../../runtime/store.ts';
import { reportStatus } from '../report-status.ts';
import { settle } from '../settle.ts';
import { gatherS3Access, readTokenClaims, type AccessDeps, type S3Access } from './gather.ts';
import { canAskSts, probeByPod } from './probe-by-pod.ts';
import {
  deriveConnectionStatus,
  findConnectionGates,
  type ConnectionFacts,
  type IdentityFacts,
  type IdentityOutcome,
} from './status.ts';

export interface S3ConnectionDeps extends AccessDeps {
  /** Of the operator itself. */
  readonly namespace: string;
  readonly connections: Cache<S3Connection>;
  readonly jobs: Cache<Job>;
  readonly worker: WorkerImage;
  readonly objectStores: ObjectStores;
  readonly identityObserver?: IdentityObserver;
  readonly callerIdentity: (request: IdentityRequest, signal: AbortSignal) => Promise<CallerIdentity>;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  /** What each connection was last found to work with, by its key; memory of this process alone. */
  readonly revisions: Map<string, string>;
}

/** Keys are revoked, and roles taken away, without notice; who asks is looked at again after so long. */
const refreshMs = 5 * 60_000;

/** Resolves the credentials, asks whose they are and for the role, and says so. */
export async function reconcileS3Connection(
  key: ObjectKey,
  deps: S3ConnectionDeps,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const connection = deps.connections.get(key);
  if (connection === undefined || connection.metadata.deletionTimestamp !== undefined) {
    deps.objectStores.release(key);
    deps.revisions.delete(formatKey(key));
    if (connection === undefined) await retireExternalId(key, deps, signal);
    return {};
  }
  const facts = await lookAt(connection, deps, signal);
  const now = new Date(deps.clock.now()).toISOString();
  const status = deriveConnectionStatus(connection, facts, now);
  await reportStatus({ ...deps, signal }, resourceTypes.s3Connections, connection, status);
  tellRotation(connection, facts, deps);
  return settle(findConnectionGates(facts), { requeueAfterMs: refreshMs }, status.conditions);
}

/** Credentials that were changed, and are taken. */
function tellRotation(
  connection: S3Connection,
  { kind, learnt: { revision } }: ConnectionFacts,
  { revisions, recorder }: S3ConnectionDeps,
): void {
  if (kind === 'failed' || kind === 'pending' || revision === undefined) return;
  const key = formatKey(keyOf(connection));
  const before = revisions.get(key);
  revisions.set(key, revision);
  if (before === undefined || before === revision) return;
  recorder.record({
    regarding: connection,
    type: 'Normal',
    reason: 'CredentialsRotated',
    action: 'Authenticate',
    note: 'What the spec names for signing in was changed. It is used from now on; workers that run are replaced by ones that have it.',
  });
}

/** Asks anew at each look, with nothing held from before: a role that was taken away is seen. */
async function lookAt(
  connection: S3Connection,
  deps: S3ConnectionDeps,
  signal: AbortSignal,
): Promise<ConnectionFacts> {
  const learnt: { -readonly [K in keyof IdentityFacts]: IdentityFacts[K] } = {};
  const outcome = await learn(connection, learnt, deps, signal).catch((error: unknown): IdentityOutcome => {
    signal.throwIfAborted();
    return { kind: 'failed', error };
  });
  return { ...outcome, learnt };
}

type Learnt = { -readonly [K in keyof IdentityFacts]: IdentityFacts[K] };

/** What was learnt before a failure is what a person needs to cure it: it is written down as it comes. */
async function learn(
  connection: S3Connection,
  learnt: Learnt,
  deps: S3ConnectionDeps,
  signal: AbortSignal,
): Promise<IdentityOutcome> {
  const access = await gatherS3Access(connection, deps, signal);
  const { plan, identity } = access;
  learnt.revision = access.revision;
  learnt.isLongLivedKey = isLongLived(plan?.base);
  learnt.externalId = identity.role?.externalId;
  learnt.webIdentity = await readTokenClaims(connection, access, deps.client, signal);
  if (plan === undefined) return await learnFromPod(connection, access, learnt, { deps, signal });
  if (!canAskSts(connection)) return { kind: 'unasked' };
  const observer = deps.identityObserver;
  const tell = (caller: string) => {
    learnt.caller = caller;
  };
  const { principal, account } = await identify(plan, { ...deps, observer }, tell, signal);
  return { kind: 'identified', principal, account };
}

/** Only a pod of the ServiceAccount holds the identity: one is asked. */
async function learnFromPod(
  connection: S3Connection,
  access: S3Access,
  learnt: Learnt,
  { deps, signal }: { readonly deps: S3ConnectionDeps; readonly signal: AbortSignal },
): Promise<IdentityOutcome> {
  const { answer, awaited } = await probeByPod(connection, access, deps, signal);
  learnt.isAwaited = awaited;
  switch (answer.outcome) {
    case 'identified': {
      const { principal, account } = answer;
      learnt.caller = answer.caller;
      return { kind: 'identified', principal, account };
    }
    case 'unasked':
      return { kind: 'unasked' };
    case 'pending':
      return { kind: 'pending', message: answer.message };
    case 'refused':
      learnt.caller = answer.caller;
      throw new TransientError(answer);
  }
}

function isLongLived(base: BaseIdentity | undefined): boolean {
  return base?.kind === 'keys' && base.credentials.sessionToken === undefined;
}
