import { isStoreError } from '../../../lib/store/errors.ts';
import type { Finding } from '../../conditions/finding.ts';
import { viewJob } from '../../planning/job-view.ts';
import type { ImportFacts } from './facts.ts';
import { haltCauseOf } from './halt-cause.ts';
import { sourceIdentityOf } from './source-identity.ts';
import { stopJobs, type StopDeps, type StopInput } from './stop-jobs.ts';

/** Stops the workers of a source that did not pass its preflight, where they must not go on. */
export async function haltImport(
  facts: ImportFacts,
  preflight: readonly Finding[],
  deps: StopDeps,
  signal: AbortSignal,
): Promise<void> {
  const because = haltCauseOf(facts, preflight);
  const jobs = facts.jobs.map(viewJob).flatMap(({ state, name }) => (state === 'active' ? [name] : []));
  if (because === undefined || jobs.length === 0) return;
  const account = await closeLedger(facts, signal);
  await stopJobs({ source: facts.source, jobs, because, account }, deps, signal);
}

/** From now on no worker of this source gets a file. A ledger that cannot be reached stops no Job from being stopped. */
async function closeLedger(
  { source, connection, session, rival }: ImportFacts,
  signal: AbortSignal,
): Promise<StopInput['account']> {
  // The ledger of a rival is the rival's.
  if (connection === undefined || session === undefined || rival !== undefined) return undefined;
  try {
    const { sources, runs } = session.store;
    const sourceId = await sources.ensureSource(sourceIdentityOf(source, connection), session);
    await sources.setWantedTemplate(sourceId, undefined, session);
    const [latestRun] = await runs.listRuns(sourceId, 1);
    return { session, sourceId, latestRun };
  } catch (error) {
    signal.throwIfAborted();
    if (!isStoreError(error)) throw error;
    return undefined;
  }
}
