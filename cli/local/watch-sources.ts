import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import type { Clock } from '../../lib/clock.ts';
import { annotations } from '../../crds/names.ts';
import { resourceTypes } from '../../operator/resource-types.ts';
import type { ApiClient } from '../../operator/runtime/api-client.ts';
import { idlenessOf, refusedObjects, type Idleness, type Watched } from '../idle.ts';

const ours = [resourceTypes.s3Connections, resourceTypes.eventStores, resourceTypes.s3ImportSources] as const;

/** All objects of our kinds, as the API has them now. */
export async function listOurs(client: ApiClient, signal: AbortSignal): Promise<readonly Watched[]> {
  const pages = await Promise.all(
    ours.map(async (type) => {
      const page = await client.list<Watched & { metadata: Watched['metadata'] }>(type, { signal });
      return page.items.map((item) => ({ ...item, kind: type.kind }));
    }),
  );
  return pages.flat();
}

/** Asks each source to look at its bucket now, so that being idle means: idle after that look. */
export async function askForLook(client: ApiClient, clock: Clock, signal: AbortSignal): Promise<void> {
  const { items } = await client.list<S3ImportSource>(resourceTypes.s3ImportSources, { signal });
  const requestedAt = new Date(clock.now()).toISOString();
  const patch = { metadata: { annotations: { [annotations.requestedAt]: requestedAt } } };
  for (const { metadata } of items) {
    await client.patch(resourceTypes.s3ImportSources, metadata, { kind: 'merge', patch }, { signal });
  }
}

export interface IdleWatch {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** Told about once a second. */
  readonly onLook: (objects: readonly Watched[]) => Promise<void>;
  /** A world in which something waits and nothing has changed for so long is given up. */
  readonly patienceMs: number;
}

const lookMs = 500;

/** What was granted a moment ago is in force by then; in a cluster nobody waits for it, and it is given ten minutes. */
const grantMs = 20_000;

/**
 * Looks until everything is idle, something is stalled or stays refused, or nothing has moved for longer than the
 * patience.
 */
export async function untilIdle(watch: IdleWatch, signal: AbortSignal): Promise<Idleness> {
  const { client, clock } = watch;
  let movedAt = clock.monotonic();
  let refusedAt: number | undefined;
  let seen = '';
  for (;;) {
    const objects = await listOurs(client, signal);
    await watch.onLook(objects);
    const idleness = idlenessOf(objects);
    if (idleness.kind !== 'busy') return idleness;
    const refused = refusedObjects(objects);
    refusedAt = refused.length === 0 ? undefined : (refusedAt ?? clock.monotonic());
    if (refusedAt !== undefined && clock.monotonic() - refusedAt > grantMs) {
      return { kind: 'stalled', objects: refused };
    }
    const now = JSON.stringify(objects.map(({ status }) => status));
    if (now !== seen) movedAt = clock.monotonic();
    seen = now;
    if (clock.monotonic() - movedAt > watch.patienceMs) return { kind: 'stalled', objects };
    await clock.sleep(lookMs, signal);
  }
}
