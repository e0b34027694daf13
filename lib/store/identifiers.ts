import { hash } from 'node:crypto';

/**
 * 128 bits that stand for a list of texts, as the 32 digits of a UUID. Cryptographic, so that nobody who writes
 * the data can make two things look like one.
 */
export function hash128(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, 32);
}

/** PostgreSQL gives a UUID back with dashes. */
export function undashed(uuid: string): string {
  return uuid.replaceAll('-', '');
}
