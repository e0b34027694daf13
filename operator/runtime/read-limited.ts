import { TerminalError } from '../../lib/errors.ts';
import { apiReasons } from './api-error.ts';

/** The whole text of a body, refused beyond `maxBytes`. */
export async function readLimited(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge('answer', maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The lines of a body as they come, without line ends, empty ones left out. A last line without its end is given too:
 * whoever parses it sees that it was cut.
 */
export async function* limitedLines(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxBytes) throw tooLarge('line', maxBytes);
    for (const line of lines) if (line !== '') yield line;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

function tooLarge(what: string, maxBytes: number): TerminalError {
  const message = `the Kubernetes API sent a ${what} of more than ${maxBytes} bytes; use a narrower selector or smaller pages`;
  return new TerminalError({ reason: apiReasons.refused, message });
}
