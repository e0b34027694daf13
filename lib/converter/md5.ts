/**
 * MD5 (RFC 1321) of a text's UTF-8, of which `sample_md5` needs the first 32 bits. Written out because this room
 * is pure, and because a platform that allows approved algorithms only has no MD5. Not for secrets.
 */

const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21] as const;
const sines = Int32Array.from({ length: 64 }, (_, index) =>
  Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32),
);
const encoder = new TextEncoder();

/** The digest's first four bytes as a number, the first byte highest: 0 to 2^32 - 1. */
export function firstWordOfMd5(text: string): number {
  const words = paddedWords(encoder.encode(text));
  const state = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476);
  for (let block = 0; block < words.length; block += 16) addBlock(state, words, block);
  const first = state[0]!;
  return (((first & 0xff) << 24) | ((first & 0xff00) << 8) | ((first >>> 8) & 0xff00) | (first >>> 24)) >>> 0;
}

/** The bytes, a 1 bit, zeros to 56 of 64, the length in bits as 64: little-endian 32-bit words. */
function paddedWords(bytes: Uint8Array): Int32Array {
  const words = new Int32Array((((bytes.length + 8) >>> 6) + 1) * 16);
  for (let index = 0; index < bytes.length; index++) words[index >> 2]! |= bytes[index]! << ((index & 3) * 8);
  words[bytes.length >> 2]! |= 0x80 << ((bytes.length & 3) * 8);
  words[words.length - 2] = bytes.length << 3;
  words[words.length - 1] = bytes.length >>> 29;
  return words;
}

function addBlock(state: Int32Array, words: Int32Array, block: number): void {
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const mixed = (a + mix(round, b, c, d) + words[block + wordOf(round, step)]! + sines[step]!) | 0;
    const shift = shifts[round * 4 + (step & 3)]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((mixed << shift) | (mixed >>> (32 - shift)))) | 0;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
}

function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (d & b) | (~d & c);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}

function wordOf(round: number, step: number): number {
  if (round === 0) return step;
  if (round === 1) return (5 * step + 1) & 15;
  return round === 2 ? (3 * step + 5) & 15 : (7 * step) & 15;
}
