import { annotations } from '../../../crds/names.ts';
import { parseDuration } from '../../../lib/duration.ts';
import { isStoreError } from '../../../lib/store/errors.ts';
import { listObjects, type ListingResult } from '../../discovery/listing.ts';
import type { ObjectStores } from '../../object-stores.ts';
import { keyOfConnection } from './gather.ts';
import type { ReadyFacts } from './ready-facts.ts';

export interface FindFilesDeps {
  readonly objectStores: Pick<ObjectStores, 'get'>;
}

/**
 * Looks at the bucket, if it is time to. A bucket that cannot be listed is a fact of the source, and work that was
 * found before goes on; the store's own trouble is thrown.
 */
export async function findFiles(
  facts: ReadyFacts,
  { sourceId, generation }: { readonly sourceId: number; readonly generation: number },
  { objectStores }: FindFilesDeps,
  signal: AbortSignal,
): Promise<ListingResult | { readonly error: unknown }> {
  const { source, session, access, matches, nowMs } = facts;
  const requestedAt = source.metadata.annotations?.[annotations.requestedAt];
  const input = {
    sourceId,
    epoch: session.epoch,
    generation,
    bucket: source.spec.bucket,
    prefix: source.spec.prefix,
    matches,
    intervalMs: parseDuration(source.spec.discovery.interval) ?? 60_000,
    requested: requestedAt !== undefined && requestedAt !== source.status.lastHandledReconcileAt,
    nowMs,
  };
  const objects = objectStores.get(keyOfConnection(source), access.options);
  try {
    return await listObjects(input, { objects, discovery: session.store.discovery }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isStoreError(error)) throw error;
    return { error };
  }
}
