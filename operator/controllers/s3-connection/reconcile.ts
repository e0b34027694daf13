import type { S3Connection } from '../../../crds/generated/s3-connection.ts';
import type { CallerIdentity, IdentityRequest } from '../../../lib/aws/sts.ts';
import type { Clock } from '../../../lib/clock.ts';
import { resourceTypes } from '../../resource-types.ts';
import type { ObjectStores } from '../../object-stores.ts';
import type { ApiClient } from '../../runtime/api-client.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import type { ReconcileResult } from '../../runtime/controller.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import type { Store as Cache } from '../../runtime/store.ts';
import { reportStatus } from '../report-status.ts';
import { settle } from '../settle.ts';
import { gatherS3Access } from './gather.ts';
import { deriveConnectionStatus, findConnectionGates, type ConnectionFacts } from './status.ts';

export interface S3ConnectionDeps {
  readonly client: ApiClient;
  readonly connections: Cache<S3Connection>;
  readonly objectStores: ObjectStores;
  readonly callerIdentity: (request: IdentityRequest, signal: AbortSignal) => Promise<CallerIdentity>;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
}

/** Keys are revoked without notice; who they belong to is asked again after so long. */
const refreshMs = 5 * 60_000;

/** Resolves the credentials, asks whose they are, and says so. */
export async function reconcileS3Connection(
  key: ObjectKey,
  deps: S3ConnectionDeps,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const connection = deps.connections.get(key);
  if (connection === undefined || connection.metadata.deletionTimestamp !== undefined) {
    deps.objectStores.release(key);
    return {};
  }
  const facts = await identify(connection, deps, signal);
  const now = new Date(deps.clock.now()).toISOString();
  const status = deriveConnectionStatus(connection, facts, now);
  await reportStatus({ ...deps, signal }, resourceTypes.s3Connections, connection, status);
  return settle(findConnectionGates(facts), { requeueAfterMs: refreshMs });
}

async function identify(
  connection: S3Connection,
  deps: S3ConnectionDeps,
  signal: AbortSignal,
): Promise<ConnectionFacts> {
  try {
    const { options } = await gatherS3Access(connection, deps.client, signal);
    const { endpoint, stsEndpoint, region } = connection.spec;
    if (endpoint !== undefined && stsEndpoint === undefined) return { kind: 'unasked' };
    const identity = await deps.callerIdentity({ ...options, region, endpoint: stsEndpoint }, signal);
    return { kind: 'identified', principal: identity.principal, account: identity.account };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', error };
  }
}
