import type { JsonObject } from '../json.ts';

/**
 * What the operator tells a worker: one JSON document in the environment variable `MILLRACE_TASK`.
 * Credentials are not in it: they arrive by reference, in the variables of `workerEnvironment`.
 */
export interface ImportTask {
  readonly kind: 'import-shard';
  /** The object the work is for; in logs only. */
  readonly namespace: string;
  readonly name: string;
  /** The ledger's id of the source. */
  readonly sourceId: number;
  readonly bucket: string;
  /** Of the keys; what a message says must be allowed names it, and no key. */
  readonly prefix: string;
  readonly connection: S3Endpoint;
  readonly identity: TaskIdentity;
  readonly store: StoreSettings;
  readonly projectId: string;
  readonly files: FileSettings;
  readonly destination: DestinationSettings;
  readonly limits: WorkerLimits;
}

/** Asks a worker who it is, and nothing else: it has no store. */
export interface ProbeTask {
  readonly kind: 'probe';
  /** The S3Connection that the answer is for; in logs only. */
  readonly namespace: string;
  readonly name: string;
  readonly connection: S3Endpoint;
  readonly identity: TaskIdentity;
  /** False: a store of one's own without an STS; the credentials have to be there, and that is all. */
  readonly asksSts: boolean;
}

/** Asks a worker to look at a source's bucket, into the ledger. */
export interface DiscoverTask {
  readonly kind: 'discover';
  readonly namespace: string;
  readonly name: string;
  /** The ledger's id of the source. */
  readonly sourceId: number;
  /** Of the leader who asks: another one's question is no longer written down. */
  readonly epoch: number;
  /** Of the conversion that files found now are bound to. */
  readonly generation: number;
  readonly bucket: string;
  readonly prefix: string;
  /** Regular expressions that a key must all match. */
  readonly patterns: readonly string[];
  readonly intervalMs: number;
  /** A look at the whole prefix is wanted. */
  readonly isAsked: boolean;
  readonly account?: string;
  readonly connection: S3Endpoint;
  readonly identity: TaskIdentity;
  /** Of the database. */
  readonly schema: string;
}

export interface S3Endpoint {
  readonly region: string;
  /** Absent: AWS's own. */
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
}

/** How the worker comes to its credentials. */
export interface TaskIdentity {
  readonly base: TaskBaseIdentity;
  /** Assumed over the base. */
  readonly role?: {
    readonly arn: string;
    readonly externalId?: string;
    readonly durationSeconds: number;
  };
  /** Absent: AWS's own of the region. */
  readonly stsEndpoint?: string;
  /** Names the session in the audit trail of the account. */
  readonly sessionName: string;
}

export type TaskBaseIdentity =
  /** Of the variables. */
  | { readonly kind: 'keys' }
  /** Of the token in the file that a variable names. */
  | { readonly kind: 'webIdentity'; readonly roleArn: string; readonly audience: string }
  /** Of whatever the SDK finds. */
  | { readonly kind: 'ambient' };

export interface StoreSettings {
  readonly schema: string;
  /** Of all workers of the store together: each takes its seat among them before it opens more than one. */
  readonly maxConnections: number;
  readonly deduplicationWindowMs: number;
}

/** How a file's bytes become records; names as the API has them. */
export interface FileSettings {
  readonly format: string;
  readonly compression: string;
  /** Options of the format, checked by the format itself. */
  readonly options: JsonObject;
}

export interface DestinationSettings {
  readonly kind: string;
  readonly options: JsonObject;
}

export interface WorkerLimits {
  /** Shared with other workers, by name; every one of a list holds. */
  readonly rates: { readonly files: readonly RateLimit[]; readonly events: readonly RateLimit[] };
  /** A file's events become visible only if at most this share (0 to 1) of its rows are rejects. Absent: as they come. */
  readonly maxRejectShare?: number;
  /** After so many failed attempts a file is given up as failed. */
  readonly maxAttempts: number;
  /** How long a worker waits for new files once the ledger is empty. */
  readonly lingerMs: number;
  /** After so long a worker ends at the next file's end. */
  readonly maxLifetimeMs: number;
}

export interface RateLimit {
  readonly scope: string;
  readonly perSecond: number;
}

/** The variables in which a worker finds its task and its credentials. */
export const workerEnvironment = {
  task: 'MILLRACE_TASK',
  /** Names the pod's template; the worker stops claiming when the ledger wants another. */
  templateHash: 'MILLRACE_TEMPLATE_HASH',
  storeUrl: 'MILLRACE_STORE_URL',
  storeCa: 'MILLRACE_STORE_CA',
  s3Ca: 'MILLRACE_S3_CA',
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
  sessionToken: 'AWS_SESSION_TOKEN',
  /** A file with the ServiceAccount's token for STS; renewed by the kubelet. */
  tokenFile: 'MILLRACE_TOKEN_FILE',
  /** Of the Job; with the index, the place that a pod fills and its successor takes over. */
  jobName: 'MILLRACE_JOB_NAME',
  /** Of the pod; names the claimant in the ledger. */
  podName: 'MILLRACE_POD_NAME',
  /** Where the report goes; the pod's termination message. */
  reportPath: 'MILLRACE_REPORT_PATH',
  /** Where Prometheus may ask; absent: nowhere. */
  metricsPort: 'MILLRACE_METRICS_PORT',
  /** Of the indexed Job, as Kubernetes sets it. */
  shardIndex: 'JOB_COMPLETION_INDEX',
} as const;
