import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { BaseIdentity, IdentityObserver } from '../../../lib/aws/identity-plan.ts';
import { openIdentity } from '../../../lib/aws/open-identity.ts';
import type { CallerIdentity, IdentityRequest } from '../../../lib/aws/sts.ts';
import type { Clock } from '../../../lib/clock.ts';
import { retireExternalId } from '../../external-ids.ts';
import type { ObjectStores } from '../../object-stores.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import type { ReconcileResult } from '../../runtime/controller.ts';
import { formatKey, keyOf, type ObjectKey } from '../../runtime/objects.ts';
import type { Store as Cache } from '../../runtime/store.ts';
import { reportStatus } from '../report-status.ts';
import { settle } from '../settle.ts';
import { gatherS3Access, readTokenClaims, type AccessDeps } from './gather.ts';
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
  const facts = await identify(connection, deps, signal);
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
  if (kind === 'failed' || revision === undefined) return;
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
async function identify(
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
  learnt.isLongLivedKey = isLongLived(plan.base);
  learnt.externalId = identity.role?.externalId;
  learnt.webIdentity = await readTokenClaims(connection, access, deps.client, signal);
  if (!canAsk(connection)) return { kind: 'unasked' };
  const { caller, credentials } = openIdentity(plan, { clock: deps.clock, observer: deps.identityObserver });
  const ask = (who: typeof caller) =>
    deps.callerIdentity({ ...plan.sts, credentials: who, observer: deps.identityObserver }, signal);
  const first = await ask(caller);
  learnt.caller = first.principal;
  const seen = plan.role === undefined ? first : await ask(credentials);
  return { kind: 'identified', principal: seen.principal, account: seen.account };
}

function isLongLived(base: BaseIdentity): boolean {
  return base.kind === 'keys' && base.credentials.sessionToken === undefined;
}

/** A store of one's own may have no STS. */
function canAsk({ spec: { endpoint, stsEndpoint } }: S3Connection): boolean {
  return endpoint === undefined || stsEndpoint !== undefined;
}
