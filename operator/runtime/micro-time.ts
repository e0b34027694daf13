/**
 * A time as `metav1.MicroTime` wants it, with six fractional digits: leases and events with the three of
 * `toISOString` are refused.
 */
export function toMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}
