import type {
  Discovery,
  Fenced,
  FoundPage,
  FoundResult,
  ListingPass,
  ListingState,
  PassKind,
} from '../../../lib/store/types.ts';
import { listingState } from '../builders/ledger.ts';
import { compareUtf8 } from './compare-utf8.ts';

/** The part of a ledger that keeps found files, in memory; time stands still until it is moved. */
export interface MemoryDiscovery extends Discovery {
  readonly files: ReadonlyMap<string, { readonly etag: string; readonly generation: number }>;
  /** Files of which another ETag was seen. */
  readonly overwritten: ReadonlySet<string>;
  nowMs: number;
  /** Pages recorded. */
  readonly pages: readonly FoundPage[];
}

export function createDiscovery(nowMs: number): MemoryDiscovery {
  return new DiscoveryInMemory(nowMs);
}

class DiscoveryInMemory implements MemoryDiscovery {
  readonly files = new Map<string, { readonly etag: string; readonly generation: number }>();
  readonly overwritten = new Set<string>();
  readonly pages: FoundPage[] = [];
  nowMs: number;
  #state = listingState();
  #passes = 0;
  #greatestKey: string | undefined;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  listingState(): Promise<ListingState> {
    return Promise.resolve(this.#state);
  }

  beginPass(_sourceId: number, kind: PassKind, _fenced: Fenced): Promise<ListingPass> {
    if (this.#state.current !== undefined) return Promise.resolve(this.#state.current);
    this.#passes += 1;
    const counts = { startAfter: kind === 'tail' ? this.#greatestKey : undefined, seen: 0, tally: {} };
    const current = { pass: this.#passes, kind, startedAt: this.nowMs, ...counts };
    this.#state = { ...this.#state, current };
    return Promise.resolve(current);
  }

  recordFound(_sourceId: number, page: FoundPage): Promise<FoundResult> {
    if (page.progress?.lastKey.includes('\0')) return Promise.reject(new Error('a key with NUL was given'));
    this.pages.push(page);
    const result = { found: 0, replaced: 0, overwritten: 0, unstorable: 0 };
    for (const { key, etag } of page.objects) {
      const known = this.files.get(key);
      if (key.includes('\0')) result.unstorable += 1;
      else if (known === undefined) {
        this.files.set(key, { etag, generation: page.generation });
        result.found += 1;
      } else if (known.etag !== etag && !this.overwritten.has(key)) {
        this.overwritten.add(key);
        result.overwritten += 1;
      }
    }
    this.#saveProgress(page);
    return Promise.resolve(result);
  }

  finishPass(_sourceId: number, pass: number): Promise<void> {
    const { current } = this.#state;
    if (current?.pass !== pass) return Promise.resolve();
    const { seen, tally, kind } = current;
    const lastFull = { finishedAt: this.nowMs, seen, tally };
    this.#state = {
      current: undefined,
      lastFull: kind === 'full' ? lastFull : this.#state.lastFull,
      lastFinishedAt: this.nowMs,
    };
    return Promise.resolve();
  }

  #saveProgress({ progress }: FoundPage): void {
    const { current } = this.#state;
    if (progress === undefined || current?.pass !== progress.pass) return;
    const { lastKey } = progress;
    if (current.startAfter !== undefined && compareUtf8(current.startAfter, lastKey) >= 0) return;
    const seen = current.seen + progress.seen;
    const tally = { ...current.tally };
    for (const [word, count] of Object.entries(progress.tally)) tally[word] = (tally[word] ?? 0) + count;
    this.#state = { ...this.#state, current: { ...current, startAfter: lastKey, seen, tally } };
    if (this.#greatestKey === undefined || compareUtf8(this.#greatestKey, lastKey) < 0)
      this.#greatestKey = lastKey;
  }
}
