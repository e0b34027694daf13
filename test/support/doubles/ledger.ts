import { noRecords } from '../../../lib/contract/report.ts';
import type { Run, RunEnd, Runs } from '../../../lib/store/run-types.ts';
import type {
  Conversion,
  Fenced,
  SourceCounts,
  SourceIdentity,
  Sources,
  Store,
} from '../../../lib/store/types.ts';
import { run, sourceCounts } from '../builders/ledger.ts';
import { createDiscovery, type MemoryDiscovery } from './discovery.ts';

/** The operator's part of a store, in memory. Files wait there until a test says what became of them. */
export interface MemoryLedger {
  readonly store: Store;
  readonly discovery: MemoryDiscovery;
  readonly conversions: readonly Conversion[];
  readonly runs: readonly Run[];
  /** The template whose workers get work; undefined: none. */
  readonly wanted: string | undefined;
  /** Changes of the counts that follow from the files found. */
  counted: { done: number; failed: number; rejected?: number };
  /** Changes of anything so far. */
  readonly writes: number;
  /** Every call fails with it until it is undefined again. */
  broken: Error | undefined;
}

export function createLedger(now: () => number): MemoryLedger {
  return new LedgerInMemory(now);
}

class LedgerInMemory implements MemoryLedger {
  readonly conversions: Conversion[] = [];
  readonly runs: Run[] = [];
  readonly identities: string[] = [];
  wanted: string | undefined;
  counted: MemoryLedger['counted'] = { done: 0, failed: 0 };
  writes = 0;
  broken: Error | undefined;
  readonly discovery: MemoryDiscovery;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.discovery = createDiscovery(now());
  }

  get store(): Store {
    const sources: Pick<Sources, 'ensureSource' | 'setWantedTemplate' | 'recordConversion'> = {
      ensureSource: async (identity) => this.#answer(() => this.#sourceId(identity)),
      setWantedTemplate: async (_, hash) => this.#answer(() => this.#want(hash)),
      recordConversion: async (_, input) => this.#answer(() => this.#convert(input)),
    };
    const runs: Runs = {
      openRun: async () => this.#answer(() => this.#openRun()),
      closeRun: async (_, number, end) => this.#answer(() => this.#closeRun(number, end)),
      listRuns: async (_, limit) =>
        this.#answer(() => this.runs.toReversed().map(this.#counting).slice(0, limit)),
    };
    const status = { sourceCounts: async () => this.#answer(() => this.#counts()) };
    return { sources, runs, status, discovery: this.#guarded() } as unknown as Store;
  }

  #guarded(): MemoryDiscovery {
    this.discovery.nowMs = this.#now();
    return new Proxy(this.discovery, {
      get: (target, name: keyof MemoryDiscovery) => {
        const member: unknown = target[name];
        if (typeof member !== 'function') return member;
        return async (...args: readonly unknown[]) =>
          this.#answer(() => Reflect.apply(member, target, args) as unknown);
      },
    });
  }

  #answer<T>(give: () => T): T {
    if (this.broken !== undefined) throw this.broken;
    return give();
  }

  #sourceId(identity: SourceIdentity): number {
    const text = JSON.stringify(identity);
    if (!this.identities.includes(text)) {
      this.identities.push(text);
      this.writes += 1;
    }
    return this.identities.indexOf(text) + 1;
  }

  #want(hash: string | undefined): void {
    if (hash !== this.wanted) this.writes += 1;
    this.wanted = hash;
  }

  #convert(input: Omit<Conversion, 'generation'>): number {
    const newest = this.conversions.at(-1);
    if (newest?.digest === input.digest) return newest.generation;
    const generation = this.conversions.length + 1;
    this.conversions.push({ ...input, generation });
    this.writes += 1;
    return generation;
  }

  #counts(): SourceCounts {
    const found = this.discovery.files.size;
    const { done, failed } = this.counted;
    const unfinished = found - done - failed;
    const overwritten = this.discovery.overwritten.size;
    return sourceCounts({ found, done, failed, unfinished, overwritten, waitingBytes: unfinished * 1000 });
  }

  #openRun(): Run {
    const open = this.runs.at(-1);
    if (open !== undefined && open.endedAt === undefined) return open;
    const begun = run({ number: this.runs.length + 1, startedAt: this.#now() });
    this.runs.push(begun);
    this.writes += 1;
    return begun;
  }

  /** An open run counts what was done until now. */
  readonly #counting = (one: Run): Run => {
    if (one.endedAt !== undefined) return one;
    const earlier = this.runs.filter(({ number }) => number < one.number);
    const sum = (of: 'done' | 'failed') => earlier.reduce((total, { files }) => total + files[of], 0);
    const { done, failed, rejected = 0 } = this.counted;
    const files = { done: done - sum('done'), failed: failed - sum('failed') };
    return { ...one, files, records: { ...noRecords, rejected } };
  };

  #closeRun(number: number, { outcome, message }: RunEnd & Fenced): Run {
    const index = this.runs.findIndex((one) => one.number === number);
    const open = this.runs[index];
    if (open === undefined) throw new Error(`there is no run ${number}`);
    if (open.endedAt !== undefined) return open;
    this.writes += 1;
    const closed = { ...this.#counting(open), endedAt: this.#now(), outcome, message };
    this.runs[index] = closed;
    return closed;
  }
}
