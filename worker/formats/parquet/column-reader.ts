import type { JsonValue } from '../../../lib/json.ts';
import { corrupt } from './errors.ts';
import type { ColumnPages, ColumnToRead, Page } from './pages/column-pages.ts';
import type { PageMemory } from './pages/page-memory.ts';
import type { RowState } from './values/row-state.ts';

/**
 * One column of a row group as a row of entries. Pages are opened by `load`, which waits; between two calls of it
 * the entries of the rows that are ready are taken one by one, which does not.
 */
export class ColumnReader {
  readonly #column: ColumnToRead;
  readonly #pages: ColumnPages;
  readonly #memory: PageMemory;
  readonly #row: RowState;
  /** Open pages behind the first one: of a row that is longer than a page. */
  readonly #next: Page[] = [];
  #page: Page | undefined;
  #at = 0;
  /** Rows that begin in the open pages and are not yet read. */
  #begun = 0;
  #ended = false;

  constructor(
    column: ColumnToRead,
    pages: ColumnPages,
    shared: { readonly memory: PageMemory; readonly row: RowState },
  ) {
    this.#column = column;
    this.#pages = pages;
    this.#memory = shared.memory;
    this.#row = shared.row;
  }

  /** Rows whose every entry is in open pages. In a list, only the next row's beginning shows where one ends. */
  get rowsReady(): number {
    return this.#ended || this.#column.maxRep === 0 ? this.#begun : Math.max(0, this.#begun - 1);
  }

  /** Opens pages until a row is ready. */
  async load(signal: AbortSignal): Promise<void> {
    while (this.rowsReady === 0) {
      if (this.#ended) throw this.#damaged('it has fewer rows than its row group');
      const page = await this.#pages.next(signal);
      if (page === undefined) this.#ended = true;
      else this.#add(page);
    }
  }

  /** The levels of the next entry. Behind the last entry of all, the next one would begin a row. */
  get rep(): number {
    return this.#page?.rep?.[this.#at] ?? 0;
  }

  get def(): number {
    const page = this.#page;
    if (page === undefined) throw this.#damaged('a row of it ends too early');
    return page.def === undefined ? this.#column.maxDef : (page.def[this.#at] as number);
  }

  /** Takes the next entry, which is a value: the caller has looked at its definition level. */
  take(): JsonValue {
    const value = (this.#page as Page).values.next();
    this.#row.add(typeof value === 'string' ? value.length + 2 : usualSize);
    this.#advance();
    return value;
  }

  /** Takes the next entry, whatever it is, and makes nothing of it. */
  skip(): void {
    const page = this.#page;
    if (page === undefined) throw this.#damaged('a row of it ends too early');
    if (this.def === this.#column.maxDef) page.values.next();
    this.#advance();
  }

  /** One row was read: what comes next must begin another. */
  endRow(): void {
    this.#begun -= 1;
    if (this.rep !== 0) throw this.#damaged('a row of it has more entries than the columns beside it');
  }

  /** Gives all memory back. */
  close(): void {
    for (const page of [this.#page, ...this.#next]) if (page !== undefined) this.#memory.release(page.held);
    this.#page = undefined;
    this.#next.length = 0;
    this.#pages.close();
  }

  #add(page: Page): void {
    if (this.#page === undefined) {
      this.#page = page;
      this.#at = 0;
      // What begins a column begins a row, as does what follows the last entry of a row that is read.
      if (this.#begun === 0 && (page.rep?.[0] ?? 0) !== 0)
        throw this.#damaged('its first row has no beginning');
    } else this.#next.push(page);
    this.#begun += page.rep === undefined ? page.entries : rowsIn(page.rep);
  }

  #advance(): void {
    const page = this.#page as Page;
    this.#at += 1;
    if (this.#at < page.entries) return;
    this.#memory.release(page.held);
    this.#page = this.#next.shift();
    this.#at = 0;
  }

  #damaged(what: string): Error {
    return corrupt(`in the column ${JSON.stringify(this.#column.name)}, ${what}`);
  }
}

/** Of a number, true, false or null, about. */
const usualSize = 6;

function rowsIn(rep: Uint8Array): number {
  let rows = 0;
  for (const level of rep) if (level === 0) rows += 1;
  return rows;
}
