import { createHash } from 'node:crypto';

/**
 * SHA-256 of a list of texts, in 64 hexadecimal digits. The length of each is hashed with it, so that no two lists
 * give the same digest by being joined.
 */
export function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}
