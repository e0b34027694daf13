import { TerminalError } from '../../lib/errors.ts';
import type { CodecLimits } from './codec.ts';

/** Up to here a file may shrink as far as it likes: it cannot hurt. */
const ratioGraceBytes = 64 * 1024 * 1024;

/** Throws `DecompressionLimitExceeded` when a file has become more than it may. */
export function checkGrowth(
  bytes: { readonly decoded: number; readonly encoded: number },
  limits: CodecLimits,
): void {
  const { decoded, encoded } = bytes;
  if (decoded > limits.maxDecodedBytes) {
    throw exceeded(
      `more than the ${limits.maxDecodedBytes} bytes that one file may hold`,
      'Split it into smaller files.',
    );
  }
  if (decoded > ratioGraceBytes && decoded > encoded * limits.maxRatio) {
    throw exceeded(
      `more than ${limits.maxRatio} times its size, as a file does that was made to fill a disk`,
      'If it is meant so, upload it uncompressed.',
    );
  }
}

function exceeded(what: string, cure: string): TerminalError {
  return new TerminalError({
    reason: 'DecompressionLimitExceeded',
    message: `Decompressed, the file is ${what}.`,
    cure,
  });
}
