import { corrupt, notSupported } from '../errors.ts';
import { bitWidth, fillPackedLevels, HybridReader } from '../encodings/hybrid.ts';
import type { DataPage } from './page-header.ts';

export interface Levels {
  /** Undefined where the column has none: it is in no list, or nothing of its path can be missing. */
  readonly rep: Uint8Array | undefined;
  readonly def: Uint8Array | undefined;
  /** Where the values begin. */
  readonly end: number;
}

export interface LevelBounds {
  readonly maxRep: number;
  readonly maxDef: number;
}

const encodings = { rle: 3, bitPacked: 4 } as const;

/** The levels at the start of a page of version 1, as it is decompressed. */
export function readLevelsV1(page: DataPage, bytes: Buffer, { maxRep, maxDef }: LevelBounds): Levels {
  if (page.levels.version !== 1)
    throw new Error('unreachable: the levels of version 2 have a reader of their own');
  const { repEncoding, defEncoding } = page.levels;
  const rep = readLevel(page.values, { bytes, from: 0, max: maxRep, encoding: repEncoding });
  const def = readLevel(page.values, { bytes, from: rep.end, max: maxDef, encoding: defEncoding });
  return { rep: rep.levels, def: def.levels, end: def.end };
}

/** The levels of a page of version 2: `bytes` holds them alone, uncompressed. */
export function readLevelsV2(page: DataPage, bytes: Buffer, { maxRep, maxDef }: LevelBounds): Levels {
  if (page.levels.version !== 2)
    throw new Error('unreachable: the levels of version 1 have a reader of their own');
  const { repBytes, defBytes } = page.levels;
  const end = repBytes + defBytes;
  const rep = maxRep === 0 ? undefined : fillHybrid(page.values, bytes.subarray(0, repBytes), maxRep);
  const def = maxDef === 0 ? undefined : fillHybrid(page.values, bytes.subarray(repBytes, end), maxDef);
  return { rep, def, end };
}

interface EncodedLevel {
  readonly bytes: Buffer;
  readonly from: number;
  readonly max: number;
  readonly encoding: number;
}

function readLevel(
  count: number,
  { bytes, from, max, encoding }: EncodedLevel,
): { readonly levels: Uint8Array | undefined; readonly end: number } {
  if (max === 0) return { levels: undefined, end: from };
  if (encoding === encodings.bitPacked) {
    const levels = new Uint8Array(count);
    return { levels, end: from + fillPackedLevels(levels, bytes.subarray(from), bitWidth(max)) };
  }
  if (encoding !== encodings.rle) {
    throw notSupported(
      `its levels are encoded as number ${encoding}`,
      'Write it with another version of its writer.',
    );
  }
  const start = from + 4;
  const end = start <= bytes.length ? start + bytes.readUInt32LE(from) : Infinity;
  if (end > bytes.length) throw corrupt('a page ends within its levels');
  return { levels: fillHybrid(count, bytes.subarray(start, end), max), end };
}

function fillHybrid(count: number, bytes: Buffer, max: number): Uint8Array {
  const levels = new Uint8Array(count);
  const reader = new HybridReader(bytes, 0, bytes.length, bitWidth(max));
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- the reader's own method, not an array's
  reader.fill(levels);
  for (const level of levels) if (level > max) throw corrupt(`a page has the level ${level} of ${max}`);
  return levels;
}
