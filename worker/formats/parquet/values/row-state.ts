/** What is known of the row that is being put together. */
export class RowState {
  /** About as many characters as its JSON has. */
  size = 0;
  /** The first thing in it that cannot be taken in. */
  problem: { readonly column: string | undefined; readonly reason: string } | undefined;
  readonly #maxSize: number;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  begin(): void {
    this.size = 0;
    this.problem = undefined;
  }

  /** Too large already: what more it has is passed over, not made. */
  get full(): boolean {
    return this.size > this.#maxSize;
  }

  add(characters: number): void {
    this.size += characters;
  }

  report(column: string | undefined, reason: string): null {
    this.problem ??= { column, reason };
    return null;
  }
}
