import { annotations } from '../../../crds/names.ts';
import type { ObjectStore } from '../../../lib/aws/object-store.ts';
import { digestOf } from '../../../lib/digest.ts';
import { probeImport, type Probe } from '../../../lib/discovery/probe-import.ts';
import type { SourceMemory } from './memory.ts';
import type { ReadyFacts } from './ready-facts.ts';

/** The probes of a source, and what they were made for. */
export interface ProbedPermissions {
  /** Another one: spec, Secret or a person's request moved on. */
  readonly occasion: string;
  readonly atMs: number;
  readonly probes: readonly Probe[];
}

/** A permission that was taken away is also told by the listing and the workers; this is for all the others. */
const provenMs = 15 * 60_000;

/** What a person may be mending just now. */
const openMs = 10_000;

export interface ProbeDeps {
  readonly objects: ObjectStore;
  /** Told of what was tried now. */
  readonly tell: (probes: readonly Probe[]) => void;
}

/** Tries what an import needs, unless that was done a while ago for the same spec, Secret and request. */
export async function probePermissions(
  facts: ReadyFacts,
  memory: SourceMemory,
  { objects, tell }: ProbeDeps,
  signal: AbortSignal,
): Promise<readonly Probe[]> {
  const { source, connection, access, matches, nowMs } = facts;
  const { metadata, spec } = source;
  const requestedAt = metadata.annotations?.[annotations.requestedAt] ?? '';
  const occasion = digestOf([metadata.uid, String(metadata.generation), requestedAt, access.revision]);
  const before = memory.permissions;
  if (before?.occasion === occasion && nowMs < before.atMs + goodFor(before, metadata.uid)) {
    return before.probes;
  }
  const { bucket, prefix } = spec;
  const { account } = connection.status;
  const probes = await probeImport(
    objects,
    { bucket, prefix, region: connection.spec.region, account, matches },
    signal,
  );
  tell(probes);
  memory.permissions = { occasion, atMs: nowMs, probes };
  return probes;
}

/** A tenth more or less, by the source, so that many sources do not ask at once. */
function goodFor({ probes }: ProbedPermissions, uid: string): number {
  if (probes.some(({ error }) => error !== undefined)) return 0;
  if (probes.some(({ result }) => result !== 'Allowed')) return openMs;
  return provenMs * (0.9 + (Number.parseInt(digestOf([uid]).slice(0, 4), 16) / 0xffff) * 0.2);
}
