import { TerminalError } from '../../lib/errors.ts';
import type { Codec, CodecContext } from './codec.ts';
import { peek } from './peek.ts';
import { codecs, type CompressionName } from './registry.ts';
import { firstBytes, signatureLength, startsWith, tellSignature } from './signatures.ts';

export interface EncodedFile {
  readonly bytes: AsyncIterable<Buffer>;
  /** What was said of it; held against its first bytes, which decide. */
  readonly compression: CompressionName;
  /** As HTTP has it. It only explains a mismatch: the bytes are unzipped once, whatever it says. */
  readonly contentEncoding?: string | undefined;
}

/**
 * A file's own bytes, decompressed as they are found to be. An empty object is an empty file, under any compression.
 * A setting that the first bytes contradict is a `TerminalError` `CompressionMismatch`.
 */
export async function* decompress(file: EncodedFile, ctx: CodecContext): AsyncGenerator<Buffer> {
  const { head, bytes, close } = await peek(file.bytes, signatureLength);
  try {
    if (head.length === 0) return;
    const codec = chooseCodec(head, file);
    yield* codec === codecs.None ? bytes : refuseTwice(codec.decode(bytes, ctx), codec);
  } finally {
    await close();
  }
}

function chooseCodec(head: Buffer, file: EncodedFile): Codec {
  const found = Object.values<Codec>(codecs).find(
    ({ magic }) => magic !== undefined && startsWith(head, magic),
  );
  const chosen = file.compression === 'Auto' ? (found ?? codecs.None) : codecs[file.compression];
  const signature = tellSignature(head, 'compression');
  if (found === undefined && signature !== undefined) throw unreadable(signature);
  if (chosen !== (found ?? codecs.None)) throw mismatch(head, file, found);
  return chosen;
}

/** A file that was zipped by hand, and again by what uploaded it. */
async function* refuseTwice(decoded: AsyncIterable<Buffer>, codec: Codec): AsyncGenerator<Buffer> {
  const { head, bytes, close } = await peek(decoded, signatureLength);
  try {
    const within = tellSignature(head, 'compression');
    if (within !== undefined) {
      throw mismatched(
        `Within its ${codec.name} the file is compressed again, as ${within}.`,
        'Compress it once, and upload it under a new key.',
      );
    }
    yield* bytes;
  } finally {
    await close();
  }
}

function unreadable(signature: string): TerminalError {
  return mismatched(
    `The file is compressed as ${signature}, which is not read.`,
    'Upload it uncompressed or as gzip, under a new key.',
  );
}

function mismatch(head: Buffer, file: EncodedFile, found: Codec | undefined): TerminalError {
  const is = found === undefined ? 'is not' : `is ${found.name}`;
  const hint =
    found === undefined && file.contentEncoding !== undefined
      ? ` Its Content-Encoding is ${JSON.stringify(file.contentEncoding)}: what uploaded it may have said so without doing it.`
      : '';
  return mismatched(
    `The file was declared as compression ${file.compression}, and ${is}: it begins with the bytes ${firstBytes(head)}.`,
    `Set compression to ${found?.name ?? 'None'}, or to Auto.${hint}`,
  );
}

function mismatched(message: string, cure: string): TerminalError {
  return new TerminalError({ reason: 'CompressionMismatch', message, cure });
}
