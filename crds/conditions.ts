/**
 * The conditions of all kinds. The order of the table is the order of precedence: of several sub-conditions that
 * are not True, the first one's reason is what `Ready` shows.
 *
 * - `summary`: always there. Carries the reason of the first sub-condition that is not True, else `Succeeded`.
 * - `abnormal`: there only while True. `Reconciling` and `Stalled` are never there together; this is what kstatus,
 *   Helm and Argo CD read.
 * - `gate`: a sub-condition; `Ready` is True only when all are. Those after the first that is False are Unknown with
 *   the reason `Blocked`.
 * - `report`: a sub-condition that `Ready` does not depend on.
 */

import type { Kind } from './names.ts';

/** One entry of `status.conditions`, as Kubernetes' API conventions have it. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** Of the object that this entry speaks of. */
  readonly observedGeneration?: number;
  /** RFC 3339; moves only when the status does. */
  readonly lastTransitionTime: string;
  readonly reason: string;
  /** A sentence. Deterministic: no time, counter, request id. Never a secret. */
  readonly message: string;
}

export interface ConditionEntry {
  readonly role: 'summary' | 'abnormal' | 'gate' | 'report';
  readonly kinds: readonly Kind[];
  /** What True means; ends a sentence that begins "True: ". */
  readonly meaning: string;
}

const all = ['S3Connection', 'EventStore', 'S3ImportSource'] as const;
const store = ['EventStore'] as const;
const source = ['S3ImportSource'] as const;

export const conditions = {
  Ready: { role: 'summary', kinds: all, meaning: 'the object does what its spec says.' },
  Reconciling: {
    role: 'abnormal',
    kinds: all,
    meaning: 'the operator is working towards a new spec, or will try again after a failure.',
  },
  Stalled: {
    role: 'abnormal',
    kinds: all,
    meaning: 'nothing moves until somebody changes something; the reason says what.',
  },
  Accepted: {
    role: 'gate',
    kinds: all,
    meaning: 'the spec makes sense, beyond what the API server checks, and nothing else claims the same.',
  },
  ResolvedRefs: {
    role: 'gate',
    kinds: all,
    meaning:
      'every Secret, ConfigMap and object that the spec names exists, has what is needed and is ready.',
  },
  Connected: {
    role: 'gate',
    kinds: store,
    meaning: 'the database answers, takes the credentials, is new enough and can be written.',
  },
  SchemaReady: {
    role: 'gate',
    kinds: store,
    meaning: 'the tables are there, in the version that this operator needs, and belong to this object.',
  },
  Authenticated: {
    role: 'gate',
    kinds: ['S3Connection', 'S3ImportSource'],
    meaning: 'S3 or STS took the credentials.',
  },
  BucketAccessible: {
    role: 'gate',
    kinds: source,
    meaning: 'the endpoint answers and the bucket is there, in the region that the connection names.',
  },
  PermissionsVerified: {
    role: 'gate',
    kinds: source,
    meaning: 'no action that the source needs is denied.',
  },
  WorkersAvailable: {
    role: 'gate',
    kinds: source,
    meaning: 'the workers that are wanted run, or there is nothing to do for any.',
  },
  CaughtUp: {
    role: 'report',
    kinds: source,
    meaning: 'every file found so far is imported or given up.',
  },
  Degraded: {
    role: 'abnormal',
    kinds: source,
    meaning: 'the source works, but some files were given up, or something slows it down.',
  },
} as const satisfies Record<string, ConditionEntry>;

export type ConditionType = keyof typeof conditions;

const conditionTypes = Object.keys(conditions) as readonly ConditionType[];

/** The conditions that an object of this kind may have, in order of precedence. */
export function conditionTypesOf(kind: Kind): readonly ConditionType[] {
  return conditionTypes.filter((type) => (conditions[type].kinds as readonly Kind[]).includes(kind));
}
