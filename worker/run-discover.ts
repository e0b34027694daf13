import { openIdentity } from '../lib/aws/open-identity.ts';
import { openS3 } from '../lib/aws/s3.ts';
import type { Clock } from '../lib/clock.ts';
import type { DiscoverReport } from '../lib/contract/discover-report.ts';
import { listObjects } from '../lib/discovery/listing.ts';
import { probeImport } from '../lib/discovery/probe-import.ts';
import { TerminalError } from '../lib/errors.ts';
import { compileKeyPattern } from '../lib/pattern.ts';
import { openStore } from '../lib/store/open-store.ts';
import type { Discovery } from '../lib/store/types.ts';
import type { DiscoverConfig } from './config.ts';
import { planIdentity } from './plan-identity.ts';

/** What is left of a very large bucket, the next run goes on with. */
const limitMs = 10 * 60_000;

export interface DiscoverDeps {
  readonly clock: Clock;
  readonly random: () => number;
}

/** Looks at the bucket as the operator does where it can hold the identity itself; what it finds goes to the ledger. */
export async function runDiscover(
  config: DiscoverConfig,
  deps: DiscoverDeps,
  stop: AbortSignal,
): Promise<DiscoverReport> {
  const { task, s3, store } = config;
  const ca = store.caPem === undefined ? {} : { caPem: store.caPem };
  const applicationName = `millrace-discover ${task.name}`;
  const ledger = await openStore(
    { url: store.url, schema: task.schema, maxConnections: 1, applicationName, ...ca },
    deps,
  );
  const { credentials } = openIdentity(planIdentity(config), deps);
  const objects = openS3({ ...task.connection, caPem: s3.caPem, credentials });
  const signal = AbortSignal.any([stop, AbortSignal.timeout(limitMs)]);
  try {
    return await look(config, { objects, discovery: ledger.discovery, clock: deps.clock }, signal);
  } finally {
    objects.close();
    await ledger.close();
  }
}

interface LookDeps {
  readonly objects: ReturnType<typeof openS3>;
  readonly discovery: Discovery;
  readonly clock: Clock;
}

async function look({ task }: DiscoverConfig, deps: LookDeps, signal: AbortSignal): Promise<DiscoverReport> {
  const { bucket, prefix, account, connection } = task;
  const matches = matcherOf(task);
  const where = { bucket, prefix, region: connection.region, account, matches };
  const probes = await probeImport(deps.objects, where, signal);
  const refused = probes.find(({ action, error }) => action === 's3:ListBucket' && error !== undefined);
  if (refused !== undefined) return { probes };
  try {
    let asked: { readonly fromPass: number | undefined } | undefined = task.isAsked
      ? { fromPass: undefined }
      : undefined;
    for (;;) {
      const nowMs = deps.clock.now();
      const result = await listObjects({ ...task, matches, asked, nowMs }, deps, signal);
      ({ asked } = result);
      if (result.nextInMs > 0) return { probes };
    }
  } catch (error) {
    return { probes, error };
  }
}

function matcherOf({ patterns, prefix }: DiscoverConfig['task']): (key: string) => boolean {
  if (patterns.length === 0) return (key) => !key.endsWith('/');
  const compiled = patterns.map((regex) => {
    const pattern = compileKeyPattern({ regex }, prefix);
    if (pattern.kind === 'compiled') return pattern.matches;
    throw new TerminalError({ reason: 'WorkerConfigInvalid', message: pattern.message });
  });
  return (key) => compiled.every((isMatch) => isMatch(key));
}
