import { TerminalError } from '../errors.ts';
import type { Claim } from './types.ts';

/** Terminal for this claim: nothing that its holder does brings it back. */
export function leaseLost(claim: Claim): TerminalError {
  return new TerminalError({
    reason: 'LeaseLost',
    message: `The claim on file ${String(claim.fileId)} has run out or is another worker's: stop working on it; what was not committed is done again.`,
  });
}
