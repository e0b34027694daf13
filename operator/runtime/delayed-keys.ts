/** Keys that are due later, each at most once and at its earliest time: a binary heap with late removal. */
export class DelayedKeys {
  readonly #heap: { readonly key: string; readonly at: number }[] = [];
  /** The time that counts; what else the heap holds of a key is left over. */
  readonly #due = new Map<string, number>();

  get size(): number {
    return this.#due.size;
  }

  /** True if this key is now the first one due. */
  add(key: string, at: number): boolean {
    const known = this.#due.get(key);
    if (known !== undefined && known <= at) return false;
    this.#due.set(key, at);
    this.#push({ key, at });
    return this.#heap[0]?.key === key && this.#heap[0].at === at;
  }

  /** When the first key is due; undefined if there is none. */
  nextAt(): number | undefined {
    this.#dropLeftovers();
    return this.#heap[0]?.at;
  }

  /** Takes out all that are due at `now`, in order. */
  takeDue(now: number): readonly string[] {
    const keys: string[] = [];
    for (let at = this.nextAt(); at !== undefined && at <= now; at = this.nextAt()) {
      const first = this.#pop();
      if (first === undefined) break;
      this.#due.delete(first.key);
      keys.push(first.key);
    }
    return keys;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#due.clear();
  }

  #dropLeftovers(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#due.get(first.key) === first.at) return;
      this.#pop();
    }
  }

  #push(entry: { readonly key: string; readonly at: number }): void {
    const heap = this.#heap;
    heap.push(entry);
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (this.#at(parent) <= this.#at(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #pop(): { readonly key: string; readonly at: number } | undefined {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const first = heap.pop();
    for (let parent = 0; ;) {
      const child = this.#at(2 * parent + 2) < this.#at(2 * parent + 1) ? 2 * parent + 2 : 2 * parent + 1;
      if (this.#at(parent) <= this.#at(child)) return first;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
