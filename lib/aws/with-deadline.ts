/**
 * One call of which the whole answer must have come within `ms` milliseconds, the SDK's own repetitions included. The
 * SDK's time-outs end when an answer begins, and one that stops half-way would be waited for without end.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(ms);
  try {
    return await call(AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (signal.aborted || !deadline.aborted) throw error;
    throw Object.assign(new Error(`no whole answer within ${ms} ms`, { cause: error }), {
      code: 'ETIMEDOUT',
    });
  }
}
