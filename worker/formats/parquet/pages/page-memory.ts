import { TerminalError } from '../../../../lib/errors.ts';

/**
 * What one file's open pages take. The pages of all columns at one row must be held together, each whole: this is what
 * reading Parquet needs, however long the row groups are.
 */
export class PageMemory {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Before the bytes are made. Fails when the file needs more than it may have. */
  take(bytes: number, column: string): void {
    if (this.#held + bytes > this.#limit)
      throw tooMuch({ bytes, column, held: this.#held, limit: this.#limit });
    this.#held += bytes;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

interface Excess {
  readonly bytes: number;
  readonly column: string;
  readonly held: number;
  readonly limit: number;
}

function tooMuch({ bytes, column, held, limit }: Excess): TerminalError {
  const others = held === 0 ? '' : `, beside the ${held} bytes of the other pages that are open`;
  return new TerminalError({
    reason: 'ParquetPagesTooLarge',
    message: `A page of the column ${JSON.stringify(column)} takes ${bytes} bytes${others}, and ${limit} bytes are allowed.`,
    cure: 'Raise spec.files.parquet.maxPageMemory, and spec.workers.resources with it; or write the file with smaller pages.',
  });
}
