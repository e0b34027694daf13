import type { KubernetesObject, ObjectKey, ResourceType } from './objects.ts';
import { toMicroTime } from './micro-time.ts';

export const leaseType: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

export interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

export interface Claim {
  readonly key: ObjectKey;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly nowMs: number;
}

/** The lease as it should stand for its holder to be `claim.identity`: acquired if it was another's, else renewed. */
export function claimLease(current: Lease | undefined, claim: Claim): Lease {
  const now = toMicroTime(claim.nowMs);
  const held = {
    holderIdentity: claim.identity,
    leaseDurationSeconds: Math.ceil(claim.leaseDurationMs / 1000),
    renewTime: now,
  };
  if (current === undefined) {
    const { namespace, name } = claim.key;
    return { metadata: { namespace, name }, spec: { ...held, acquireTime: now, leaseTransitions: 0 } };
  }
  const { metadata, spec = {} } = current;
  const { acquireTime = now, leaseTransitions = 0 } = spec;
  return spec.holderIdentity === claim.identity
    ? { metadata, spec: { ...held, acquireTime, leaseTransitions } }
    : { metadata, spec: { ...held, acquireTime: now, leaseTransitions: leaseTransitions + 1 } };
}

/** The lease given back: nobody holds it, and nobody needs to wait. */
export function releaseLease(current: Lease, nowMs: number): Lease {
  const now = toMicroTime(nowMs);
  return {
    metadata: current.metadata,
    spec: {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: current.spec?.leaseTransitions ?? 0,
    },
  };
}
