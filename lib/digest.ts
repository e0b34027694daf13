import { hash } from 'node:crypto';

/**
 * SHA-256 of a list of texts, in 64 hexadecimal digits. The length of each is hashed with it, so that no two lists
 * give the same digest by being joined.
 */
export function digestOf(parts: readonly string[]): string {
  let text = '';
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return hash('sha256', text);
}
