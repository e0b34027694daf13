import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import { annotations } from '../../../crds/names.ts';
import type { ObjectStore } from '../../../lib/aws/object-store.ts';
import { parseDuration } from '../../../lib/duration.ts';
import { isStoreError } from '../../../lib/store/errors.ts';
import { listObjects, type ListingResult } from '../../../lib/discovery/listing.ts';
import type { SourceMemory } from './memory.ts';
import type { ReadyFacts } from './ready-facts.ts';

export interface FoundInto {
  readonly sourceId: number;
  readonly generation: number;
  readonly memory: SourceMemory;
}

/**
 * Looks at the bucket, if it is time to. A bucket that cannot be listed is a fact of the source, and work that was
 * found before goes on; the store's own trouble is thrown.
 */
export async function findFiles(
  facts: ReadyFacts,
  { sourceId, generation, memory }: FoundInto,
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<ListingResult | { readonly error: unknown }> {
  const { source, session, matches, nowMs } = facts;
  const look = askedLook(source, memory);
  const input = {
    sourceId,
    epoch: session.epoch,
    generation,
    bucket: source.spec.bucket,
    prefix: source.spec.prefix,
    matches,
    intervalMs: parseDuration(source.spec.discovery.interval) ?? 60_000,
    asked: look?.asked,
    nowMs,
  };
  try {
    const result = await listObjects(input, { objects, discovery: session.store.discovery }, signal);
    if (look !== undefined) memory.look = { ...look, asked: result.asked };
    return result;
  } catch (error) {
    signal.throwIfAborted();
    if (isStoreError(error)) throw error;
    return { error };
  }
}

/**
 * A look at the whole prefix is asked for by the annotation, and by a spec that changed: its pattern may admit other
 * keys. It is remembered until it is done, also when the status says by then that the spec was seen.
 */
export function askedLook(
  { metadata, status }: S3ImportSource,
  { look }: SourceMemory,
): SourceMemory['look'] {
  const requestedAt = metadata.annotations?.[annotations.requestedAt];
  const token = JSON.stringify([metadata.uid, metadata.generation, requestedAt]);
  if (look?.token === token) return look;
  const isRequested = requestedAt !== undefined && requestedAt !== status.lastHandledReconcileAt;
  const isChanged = metadata.generation !== status.observedGeneration;
  return isRequested || isChanged ? { token, asked: { fromPass: undefined } } : undefined;
}
