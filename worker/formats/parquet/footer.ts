import { TerminalError } from '../../../lib/errors.ts';
import { firstBytes, startsWith, tellSignature } from '../../codecs/signatures.ts';
import type { RandomAccessFile } from '../format.ts';
import { corrupt, encrypted } from './errors.ts';
import { readFileMetadata, type FileMetadata } from './metadata.ts';
import type { PageMemory } from './pages/page-memory.ts';
import { EndOfThrift } from './thrift-reader.ts';

const mark = Buffer.from('PAR1');
const markOfEncrypted = Buffer.from('PARE');

/** The length of the footer and the mark behind it. */
const tailLength = 8;
/** Mostly holds the footer, so that it takes no second read. */
const firstRead = 64 * 1024;

export interface Footer extends FileMetadata {
  readonly bytes: Buffer;
  /** Where it begins: no page can lie behind it. */
  readonly at: number;
}

/** What a file says of itself, which stands at its end. */
export async function readFooter(
  file: RandomAccessFile,
  memory: PageMemory,
  signal: AbortSignal,
): Promise<Footer> {
  const tail = await file.read(Math.max(0, file.size - firstRead), file.size, signal);
  await checkMarks(file, tail, signal);
  const length = tail.readUInt32LE(tail.length - tailLength);
  const at = file.size - tailLength - length;
  if (at < mark.length)
    throw corrupt(`its footer is said to have ${length} bytes, and the file has ${file.size}`);
  memory.take(length, 'footer');
  const have = tail.length - tailLength;
  const bytes =
    length <= have ? tail.subarray(have - length, have) : await file.read(at, file.size - tailLength, signal);
  return { ...parse(bytes), bytes, at };
}

function parse(bytes: Buffer): FileMetadata {
  try {
    return readFileMetadata(bytes);
  } catch (error) {
    if (error instanceof EndOfThrift) throw corrupt('its footer ends too early');
    throw error;
  }
}

async function checkMarks(file: RandomAccessFile, tail: Buffer, signal: AbortSignal): Promise<void> {
  const last = tail.subarray(-mark.length);
  if (last.equals(markOfEncrypted)) throw encrypted('its footer is, and with it what it holds');
  const head = await file.read(0, Math.min(file.size, longestMark), signal);
  const begins = startsWith(head, mark);
  if (!begins && !last.equals(mark)) throw otherFormat(head);
  if (!begins) throw corrupt(`it does not begin with PAR1, but with the bytes ${firstBytes(head)}`);
  if (!last.equals(mark) || file.size < mark.length + tailLength) {
    throw corrupt('it does not end with a footer, so it was cut off while it was written or uploaded');
  }
}

/** Enough of a file to tell what else it is. */
const longestMark = 16;

function otherFormat(head: Buffer): TerminalError {
  const compression = tellSignature(head, 'compression');
  if (compression !== undefined) {
    return new TerminalError({
      reason: 'CompressionMismatch',
      message: `The file is compressed as ${compression}: it begins with the bytes ${firstBytes(head)}.`,
      cure: 'Parquet compresses its own pages, and is read from its end: upload it as it is, under a new key.',
    });
  }
  const format = tellSignature(head, 'format');
  return new TerminalError({
    reason: 'FormatMismatch',
    message: `The file is ${format ?? 'not Parquet'}: it begins with the bytes ${firstBytes(head)}.`,
    cure: 'Set format to what the file is.',
  });
}
