import type { Codec } from './codec.ts';

/** Bytes as they are. */
export const none = {
  name: 'None',
  extensions: [],
  magic: undefined,
  decode: (bytes) => bytes,
} satisfies Codec;
