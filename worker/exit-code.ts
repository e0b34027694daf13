import { exitCodes, type ExitCode } from '../lib/contract/exit-codes.ts';
import { findReason, type ReasonPlace } from '../crds/reasons.ts';
import { TerminalError, TransientError } from '../lib/errors.ts';

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
  if (error instanceof TransientError) return exitCodes.transient;
  return error instanceof TerminalError ? exitCodeOfReason(error.reason) : exitCodes.crashed;
}

/** By where the reason stands in the table: on what a spec says and names, or on who asks. */
function exitCodeOfReason(reason: string): ExitCode {
  if (permissions.has(reason)) return exitCodes.permission;
  const places = findReason(reason)?.on ?? [];
  const isOn = (place: ReasonPlace) => places.includes(place);
  if (reason === 'WorkerConfigInvalid' || isOn('Accepted') || isOn('ResolvedRefs')) {
    return exitCodes.configuration;
  }
  // What stands on the bucket too is about the way to the store, not about who asks.
  const refused = isOn('Authenticated') && !isOn('BucketAccessible');
  return refused || reason === 'StoreAuthenticationFailed' ? exitCodes.credentials : exitCodes.crashed;
}
