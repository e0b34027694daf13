import type { Codec } from './codec.ts';
import { gzip } from './gzip.ts';
import { none } from './none.ts';

/** Every compression, by the name that the API has for it. */
export const codecs = Object.freeze({
  None: none,
  Gzip: gzip,
}) satisfies Record<string, Codec>;

export type CodecName = keyof typeof codecs;

/** What may be said of a file's compression: a codec, or to tell it from the first bytes. */
export type CompressionName = CodecName | 'Auto';

export const compressionNames: readonly CompressionName[] = ['Auto', ...(Object.keys(codecs) as CodecName[])];

export function isCompressionName(name: string): name is CompressionName {
  return name === 'Auto' || Object.hasOwn(codecs, name);
}
