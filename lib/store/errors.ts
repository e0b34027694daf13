import pg from 'pg';
import { messageOf, reasonOf, TerminalError, TransientError } from '../errors.ts';

/** Every reason that an error of this room may have. */
export const storeErrorReasons = [
  'ConflictingResource',
  'InvalidSpec',
  'LeaderFenced',
  'LeaseLost',
  'MigrationFailed',
  'QuarantineThresholdExceeded',
  'SchemaTooNew',
  'StoreAuthenticationFailed',
  'StoreConflict',
  'StoreDatabaseNotFound',
  'StoreError',
  'StoreFull',
  'StoreNotMigrated',
  'StorePermissionDenied',
  'StoreReadOnly',
  'StoreTLSFailed',
  'StoreTooManyConnections',
  'StoreTooOld',
  'StoreURLInvalid',
  'StoreUnreachable',
] as const;

export type StoreErrorReason = (typeof storeErrorReasons)[number];

/** Whether an error is of this room, and not of what else a caller does. */
export function isStoreError(error: unknown): boolean {
  return (storeErrorReasons as readonly string[]).includes(reasonOf(error));
}

interface Verdict {
  readonly reason: StoreErrorReason;
  readonly transient: boolean;
}

const unreachable = { reason: 'StoreUnreachable', transient: true } satisfies Verdict;
const conflict = { reason: 'StoreConflict', transient: true } satisfies Verdict;
const full = { reason: 'StoreFull', transient: true } satisfies Verdict;
const tooMany = { reason: 'StoreTooManyConnections', transient: true } satisfies Verdict;
const failed = { reason: 'StoreError', transient: true } satisfies Verdict;
const broken = { reason: 'StoreError', transient: false } satisfies Verdict;
const unauthenticated = { reason: 'StoreAuthenticationFailed', transient: false } satisfies Verdict;
const tlsFailed = { reason: 'StoreTLSFailed', transient: false } satisfies Verdict;
const notMigrated = { reason: 'StoreNotMigrated', transient: false } satisfies Verdict;

/** By SQLSTATE, else by its class (the first two characters). */
const bySqlState: Readonly<Record<string, Verdict>> = {
  '08': unreachable,
  '57P01': unreachable,
  '57P02': unreachable,
  '57P03': unreachable,
  '57P05': unreachable,
  '28': unauthenticated,
  '3D000': { reason: 'StoreDatabaseNotFound', transient: false },
  '3F000': notMigrated,
  '42P01': notMigrated,
  '42883': notMigrated,
  '42501': { reason: 'StorePermissionDenied', transient: false },
  '25006': { reason: 'StoreReadOnly', transient: true },
  '40001': conflict,
  '40P01': conflict,
  '55P03': conflict,
  '53000': full,
  '53100': full,
  '53200': full,
  '53400': full,
  '53300': tooMany,
  // A mistake of ours or of the data: the same statement gives the same again.
  '22': broken,
  '23': broken,
  '42': broken,
};

/** By the code of Node's error, when the server has not answered at all. */
const tlsCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Sentences of the driver, which carry no code. */
const byMessage: readonly (readonly [RegExp, Verdict])[] = [
  [/does not support SSL connections|error establishing an SSL connection/i, tlsFailed],
  [/Connection terminated|timeout exceeded|no answer in time|Client was closed|not queryable/i, unreachable],
  [/SASL/, unauthenticated],
];

/**
 * Makes an error of ours of what the driver threw. `subject` names the server (never the URL).
 * What is ours already, and what is no fault of the connection (a bug), passes through.
 */
export function convertStoreError(error: unknown, subject: string): unknown {
  const verdict = judge(error);
  if (verdict === undefined) return error;
  const { reason, transient } = verdict;
  const details = { reason, message: `${subject}: ${describe(error)}`, cause: error };
  return transient ? new TransientError(details) : new TerminalError(details);
}

/** True for a deadlock, a serialization failure or a lock that did not come free: rolled back, may be tried again. */
export function isConflict(error: unknown): boolean {
  return judge(error) === conflict;
}

function judge(error: unknown): Verdict | undefined {
  if (error instanceof TerminalError || error instanceof TransientError) return undefined;
  const code = codeOf(error);
  if (error instanceof pg.DatabaseError) return bySqlState[code] ?? bySqlState[code.slice(0, 2)] ?? failed;
  if (tlsCodes.has(code)) return tlsFailed;
  if (/^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_')) return unreachable;
  return byMessage.find(([pattern]) => pattern.test(messageOf(error)))?.[1];
}

function describe(error: unknown): string {
  if (error instanceof pg.DatabaseError) return `${error.message} (SQLSTATE ${codeOf(error)})`;
  // Node tries each address of a name, and its collective error has no text of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
