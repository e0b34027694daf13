import { TerminalError } from '../../lib/errors.ts';
import { peek } from '../codecs/peek.ts';
import { firstBytes, signatureLength, startsWith, tellSignature } from '../codecs/signatures.ts';
import type { Measure } from './byte-window.ts';

/** The text of a file as UTF-8, whatever the file is in. */
export interface TextSource {
  /** Bytes of the file before its text: those of the byte order mark. */
  readonly markLength: number;
  /** Absent where the text is the file's own bytes. */
  readonly measure: Measure | undefined;
  readonly chunks: AsyncIterable<Buffer>;
  /** Gives the file back when `chunks` may never be read. */
  close(): Promise<void>;
}

interface Encoding {
  readonly name: 'UTF-8' | 'UTF-16LE' | 'UTF-16BE' | 'UTF-32';
  readonly mark: Buffer;
}

/** UTF-32 first: its mark begins with that of UTF-16. */
const marks: readonly Encoding[] = [
  { name: 'UTF-32', mark: Buffer.from('fffe0000', 'hex') },
  { name: 'UTF-32', mark: Buffer.from('0000feff', 'hex') },
  { name: 'UTF-8', mark: Buffer.from('efbbbf', 'hex') },
  { name: 'UTF-16LE', mark: Buffer.from('fffe', 'hex') },
  { name: 'UTF-16BE', mark: Buffer.from('feff', 'hex') },
];

const plainUtf8: Encoding = { name: 'UTF-8', mark: Buffer.alloc(0) };

/**
 * Opens decompressed bytes as text: in UTF-8, or in the encoding that a byte order mark says.
 * A file that is no text, or in an encoding that is not read, is a `TerminalError`.
 */
export async function openText(bytes: AsyncIterable<Buffer>): Promise<TextSource> {
  const { head, bytes: all, close } = await peek(bytes, signatureLength);
  try {
    const encoding = tellEncoding(head);
    const markLength = encoding.mark.length;
    const text = skip(all, markLength);
    if (encoding.name === 'UTF-8') return { markLength, measure: undefined, chunks: text, close };
    const chunks = utf8FromUtf16(text, encoding.name === 'UTF-16BE');
    return { markLength, measure: measureUtf16, chunks, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function tellEncoding(head: Buffer): Encoding {
  const format = tellSignature(head, 'format');
  if (format !== undefined) {
    const message = `The file is ${format}, not text: its first bytes are ${firstBytes(head)}.`;
    throw new TerminalError({
      reason: 'FormatMismatch',
      message,
      cure: 'Set format to what the file is.',
    });
  }
  const marked = marks.find(({ mark }) => startsWith(head, mark));
  const unreadable = marked?.name === 'UTF-32' ? 'UTF-32' : utf16WithoutMark(head);
  if (unreadable !== undefined && marked?.name !== 'UTF-16LE' && marked?.name !== 'UTF-16BE') {
    throw encodingInvalid(
      `The file is in ${unreadable}: its first bytes are ${firstBytes(head)}.`,
      'Write it in UTF-8, or in UTF-16 with a byte order mark.',
    );
  }
  return marked ?? plainUtf8;
}

function encodingInvalid(message: string, cure: string): TerminalError {
  return new TerminalError({ reason: 'EncodingInvalid', message, cure });
}

/** A zero byte beside a character: no text in UTF-8 begins so. */
function utf16WithoutMark(head: Buffer): string | undefined {
  if (head.length < 2 || (head[0] === 0) === (head[1] === 0)) return undefined;
  return 'UTF-16 without a byte order mark';
}

async function* skip(bytes: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of bytes) {
    const dropped = Math.min(left, chunk.length);
    left -= dropped;
    if (chunk.length > dropped) yield chunk.subarray(dropped);
  }
}

/** A surrogate without its other half becomes the three bytes that no valid UTF-8 has, so that its row is rejected. */
async function* utf8FromUtf16(bytes: AsyncIterable<Buffer>, bigEndian: boolean): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const joined = Buffer.concat([rest, chunk]);
    const whole = joined.subarray(0, joined.length - (joined.length % 2));
    if (bigEndian) whole.swap16();
    const text = whole.toString('utf16le');
    const held = /[\ud800-\udbff]$/.test(text) ? 1 : 0;
    rest = joined.subarray(whole.length - 2 * held);
    if (bigEndian && held === 1) rest.subarray(0, 2).swap16();
    if (text.length > held) yield encode(text.slice(0, text.length - held));
  }
  if (rest.length % 2 === 1) {
    throw encodingInvalid(
      'The file has a byte order mark of UTF-16, and an odd number of bytes: its end is cut off.',
      'Upload the whole file.',
    );
  }
  if (rest.length > 0) yield encode(bigEndian ? rest.swap16().toString('utf16le') : rest.toString('utf16le'));
}

function encode(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts = text.split(/([\ud800-\udfff])/u);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 1 ? loneSurrogate(part) : Buffer.from(part))),
  );
}

function loneSurrogate(half: string): Buffer {
  const unit = half.charCodeAt(0);
  return Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
}

/** A character of four bytes is two units of two bytes each, any other one unit. */
const measureUtf16: Measure = (bytes, from, to) => {
  let units = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return 2 * units;
};
