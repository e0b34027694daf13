import { exitCodes, type ExitCode } from '../lib/contract/exit-codes.ts';
import { findReason } from '../crds/reasons.ts';
import { reasonOf, TransientError } from '../lib/errors.ts';

/** Denials that a worker meets; with the other refusals of credentials they stop the whole Job. */
const permissions = new Set([
  'PermissionDenied',
  'ListDenied',
  'ReadDenied',
  'KMSAccessDenied',
  'ExplicitDeny',
  'StorePermissionDenied',
]);

/** How a worker ends after what was thrown; nothing thrown is a good end. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error === undefined) return exitCodes.done;
  const reason = reasonOf(error);
  if (reason === 'WorkerConfigInvalid') return exitCodes.configuration;
  if (permissions.has(reason)) return exitCodes.permission;
  if (reason === 'StoreAuthenticationFailed' || findReason(reason)?.on.includes('Authenticated') === true) {
    return error instanceof TransientError ? exitCodes.transient : exitCodes.credentials;
  }
  return error instanceof TransientError ? exitCodes.transient : exitCodes.crashed;
}
