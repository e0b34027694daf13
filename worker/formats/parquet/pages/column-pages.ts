import { crc32 } from 'node:zlib';
import { Dictionary } from '../encodings/dictionary.ts';
import { encodings, valueDecoder } from '../encodings/value-decoder.ts';
import { corrupt } from '../errors.ts';
import type { ColumnChunk } from '../metadata.ts';
import { EndOfThrift, ThriftReader } from '../thrift-reader.ts';
import type { LeafType, ValueDecoder } from '../values/leaf-type.ts';
import type { ChunkBytes } from './chunk-bytes.ts';
import { decompressPage } from './decompress-page.ts';
import { readPageHeader, type DataPage, type DictionaryPage, type PageHeader } from './page-header.ts';
import type { PageMemory } from './page-memory.ts';
import { readLevelsV1, readLevelsV2, type LevelBounds, type Levels } from './read-levels.ts';

/** A page of data, open: its levels, and its values in their order. */
export interface Page {
  readonly entries: number;
  readonly rep: Uint8Array | undefined;
  readonly def: Uint8Array | undefined;
  readonly values: ValueDecoder;
  /** What it takes of the memory, to be released when it is used up. */
  readonly held: number;
}

export interface ColumnToRead extends LevelBounds {
  /** Its path, for messages. */
  readonly name: string;
  readonly type: LeafType;
}

/** Most headers have less than 100 bytes; statistics of long values make them longer, up to this. */
const usualHeader = 1024;
const longestHeader = 16 * 1024 * 1024;

/** The pages of one column in one row group, opened one after the other. */
export class ColumnPages {
  readonly #column: ColumnToRead;
  readonly #chunk: ColumnChunk;
  readonly #bytes: ChunkBytes;
  readonly #memory: PageMemory;
  #dictionary: Dictionary | undefined;
  #dictionaryHeld = 0;
  #entries = 0;

  constructor(column: ColumnToRead, chunk: ColumnChunk, bytes: ChunkBytes, memory: PageMemory) {
    this.#column = column;
    this.#chunk = chunk;
    this.#bytes = bytes;
    this.#memory = memory;
  }

  /** The next page that has entries; undefined behind the last one. */
  async next(signal: AbortSignal): Promise<Page | undefined> {
    while (this.#entries < this.#chunk.values) {
      signal.throwIfAborted();
      const header = await this.#header(signal);
      const page = await this.#open(header, signal);
      if (page !== undefined) return page;
    }
    return undefined;
  }

  /** Gives back what the column holds beside its pages. */
  close(): void {
    this.#memory.release(this.#dictionaryHeld);
    this.#dictionaryHeld = 0;
    this.#dictionary = undefined;
  }

  async #header(signal: AbortSignal): Promise<PageHeader> {
    for (let size = usualHeader; ; size *= 8) {
      const bytes = await this.#bytes.peek(size, signal);
      const reader = new ThriftReader(bytes);
      try {
        const header = readPageHeader(reader);
        this.#bytes.skip(reader.at);
        return header;
      } catch (error) {
        if (!(error instanceof EndOfThrift)) throw error;
        const whole = bytes.length >= this.#bytes.left || size >= longestHeader;
        if (whole) throw this.#damaged('the header of a page has no end');
      }
    }
  }

  async #open(header: PageHeader, signal: AbortSignal): Promise<Page | undefined> {
    if (header.encodedBytes > this.#bytes.left)
      throw this.#damaged('a page reaches beyond the end of the pages');
    this.#memory.take(header.encodedBytes, this.#column.name);
    try {
      const bytes = await this.#bytes.take(header.encodedBytes, signal);
      if (header.crc !== undefined && crc32(bytes) !== header.crc >>> 0) {
        throw this.#damaged('the checksum of a page is not that of its bytes');
      }
      if (header.kind === 'dictionary') await this.#openDictionary(header, bytes);
      else if (header.kind === 'data') return await this.#openData(header, bytes);
      return undefined;
    } finally {
      this.#memory.release(header.encodedBytes);
    }
  }

  async #openDictionary(header: DictionaryPage, bytes: Buffer): Promise<void> {
    if (this.#dictionary !== undefined) throw this.#damaged('it has two dictionaries');
    if (header.encoding !== encodings.plain && header.encoding !== encodings.plainDictionary) {
      throw this.#damaged(`its dictionary is encoded as number ${header.encoding}`);
    }
    // Its values, as they are made, take about as much again; a place in the list of them, eight bytes.
    const held = 2 * header.decodedBytes + 8 * Math.min(header.values, header.decodedBytes);
    this.#memory.take(held, this.#column.name);
    this.#dictionaryHeld = held;
    const decoded = await decompressPage(bytes, this.#chunk.codec, header.decodedBytes);
    this.#dictionary = new Dictionary(this.#column.type, decoded, header.values);
  }

  async #openData(header: DataPage, bytes: Buffer): Promise<Page | undefined> {
    const { values: entries, encoding } = header;
    this.#entries += entries;
    if (this.#entries > this.#chunk.values)
      throw this.#damaged('its pages have more values than it declares');
    if (entries === 0) return undefined;
    const held = header.decodedBytes + entries * bytesPerEntry(encoding, this.#column);
    this.#memory.take(held, this.#column.name);
    const { levels, data } = await this.#decode(header, bytes);
    const encoded = { bytes: data, from: levels.end, count: entries, encoding };
    const values = valueDecoder(this.#column.type, encoded, this.#dictionary);
    return { entries, rep: levels.rep, def: levels.def, values, held };
  }

  async #decode(
    header: DataPage,
    bytes: Buffer,
  ): Promise<{ readonly levels: Levels; readonly data: Buffer }> {
    const { codec } = this.#chunk;
    const { decodedBytes } = header;
    if (header.levels.version === 1) {
      const data = await decompressPage(bytes, codec, decodedBytes);
      return { levels: readLevelsV1(header, data, this.#column), data };
    }
    const levels = readLevelsV2(header, bytes, this.#column);
    const rest = bytes.subarray(levels.end);
    const uncompressed = 0;
    const data = await decompressPage(
      rest,
      header.levels.compressed ? codec : uncompressed,
      decodedBytes - levels.end,
    );
    return { levels: { ...levels, end: 0 }, data };
  }

  #damaged(what: string): Error {
    return corrupt(`in the column ${JSON.stringify(this.#column.name)}, ${what}`);
  }
}

/** Beside its bytes, a page keeps its levels, and of some encodings the length of each value. */
function bytesPerEntry(encoding: number, { maxRep, maxDef }: LevelBounds): number {
  const levels = (maxRep > 0 ? 1 : 0) + (maxDef > 0 ? 1 : 0);
  if (encoding === encodings.deltaByteArray) return levels + 8;
  return encoding === encodings.deltaLengthByteArray ? levels + 4 : levels;
}
