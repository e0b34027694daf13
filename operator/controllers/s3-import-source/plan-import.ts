import { digestOf } from '../../../lib/digest.ts';
import type { Run } from '../../../lib/store/run-types.ts';
import type { SourceCounts } from '../../../lib/store/types.ts';
import type { Probe } from '../../../lib/discovery/probe-import.ts';
import { viewJob } from '../../planning/job-view.ts';
import { planRun, type RunPlan, type RunView } from '../../planning/run.ts';
import { countShards, type ShardCounts } from '../../planning/shard-counts.ts';
import { planShards } from '../../planning/shards.ts';
import { buildImportTemplate, mostShards, type WorkerImage } from '../../resources/import-task.ts';
import type { PodTemplate } from '../../resources/worker-job.ts';
import { isReadDenied } from './find-storage.ts';
import type { ReadyFacts } from './ready-facts.ts';

/** What the ledger says of a source. */
export interface ImportAccount {
  readonly sourceId: number;
  readonly counts: SourceCounts;
  readonly latestRun: Run | undefined;
  /** For how long more workers have been at work than are wanted. */
  readonly surplusMs: number;
  readonly permissions: readonly Probe[];
}

export interface ImportPlan {
  readonly template: PodTemplate;
  /** Another one: spec, Secrets or operator moved on. */
  readonly templateHash: string;
  readonly plan: RunPlan;
  readonly shards: ShardCounts;
}

/** How the source's workers should be, and what is to be done about its Job. Pure. */
export function planImport(facts: ReadyFacts, account: ImportAccount, worker: WorkerImage): ImportPlan {
  const { source, session, access, nowMs } = facts;
  const template = buildImportTemplate({
    ...facts,
    sourceId: account.sourceId,
    secretsRevision: digestOf([access.revision, session.revision]),
    worker,
    digest: (text) => digestOf([text]),
  });
  const templateHash = digestOf([JSON.stringify(template)]);
  const desired = isReadDenied(account.permissions) ? 0 : desiredShards(facts, account.counts);
  const plan = planRun({
    suspended: source.spec.suspend,
    templateHash,
    shards: desired,
    surplusMs: account.surplusMs,
    jobs: facts.jobs.map(viewJob),
    latestRun: account.latestRun && viewRun(account.latestRun),
    nowMs,
  });
  return { template, templateHash, plan, shards: countShards(facts.jobs, desired) };
}

/** How many workers the source's backlog is worth. */
export function desiredShards({ source, eventStore }: ReadyFacts, { files }: SourceCounts): number {
  const backlog = { files: files.unfinished, bytes: files.waitingBytes };
  return planShards(backlog, mostShards(source, eventStore));
}

function viewRun({ number, endedAt, files }: Run): RunView {
  return { number, open: endedAt === undefined, endedAt, files: files.done + files.failed };
}
