import type { KubernetesObject } from '../runtime/objects.ts';

/** An object as this process left it by its last write of the status. */
export interface OwnWrite<T> {
  readonly object: T;
  /** Versions that are known to be older. */
  readonly older: ReadonlySet<string>;
}

/**
 * The newer of what the cache has and what this process wrote. The cache follows a write a moment later; a status that
 * is derived from one of before it would take the times of conditions from there, and be written again.
 */
export function freshest<T extends KubernetesObject>(cached: T, own: OwnWrite<T> | undefined): T {
  return own?.older.has(versionOf(cached)) === true ? own.object : cached;
}

/** What is to be remembered of a write over `seen`, which was the freshest. */
export function noteWrite<T extends KubernetesObject>(
  seen: T,
  written: T,
  before: OwnWrite<T> | undefined,
): OwnWrite<T> {
  const older = before?.object === seen ? before.older : [];
  return { object: written, older: new Set([...older, versionOf(seen)]) };
}

function versionOf({ metadata }: KubernetesObject): string {
  return `${metadata.uid} ${metadata.resourceVersion}`;
}
