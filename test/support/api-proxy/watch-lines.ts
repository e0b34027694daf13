import type { WatchFault } from './faults.ts';

/** What to do with the lines of a watch from the one on that a fault concerns. */
export type Emission =
  /** One write to the socket: lines that belong together arrive together. */
  | { readonly kind: 'Send'; readonly text: string }
  | { readonly kind: 'Stop'; readonly how: 'end' | 'reset' | 'silence' };

const errorLine = (code: number, reason: string): string =>
  `${JSON.stringify({
    type: 'ERROR',
    object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'injected' },
  })}\n`;

/** Cuts a body into lines, line ends included. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield `${line}\n`;
  }
  if (rest !== '') yield rest;
}

/** The lines of a watch with one fault in them, after `lines` lines have passed. */
export async function* faultyLines(
  body: AsyncIterable<Uint8Array>,
  { lines, effect }: { readonly lines: number; readonly effect: WatchFault },
): AsyncGenerator<Emission> {
  const passed: string[] = [];
  const source = linesOf(body);
  for await (const line of source) {
    if (passed.length < lines) {
      passed.push(line);
      yield { kind: 'Send', text: line };
      continue;
    }
    yield* faulty(line, effect, { passed, source });
    break;
  }
  for await (const line of source) yield { kind: 'Send', text: line };
}

interface Surroundings {
  readonly passed: readonly string[];
  readonly source: AsyncIterator<string>;
}

async function* faulty(line: string, fault: WatchFault, around: Surroundings): AsyncGenerator<Emission> {
  switch (fault) {
    case 'end':
    case 'reset':
    case 'silence':
      yield { kind: 'Stop', how: fault };
      return;
    case 'truncate':
      yield { kind: 'Send', text: line.slice(0, Math.ceil(line.length / 2)) };
      yield { kind: 'Stop', how: 'end' };
      return;
    case 'expired':
      yield { kind: 'Send', text: errorLine(410, 'Expired') };
      return;
    case 'error':
      yield { kind: 'Send', text: errorLine(500, 'InternalError') };
      return;
    case 'garbage':
      yield { kind: 'Send', text: '<html>bad gateway</html>\n' };
      return;
    case 'duplicate':
      yield { kind: 'Send', text: line + line };
      return;
    case 'replay':
      yield { kind: 'Send', text: line + around.passed.join('') };
      return;
    case 'swap': {
      const next = await around.source.next();
      yield { kind: 'Send', text: (next.done === true ? '' : next.value) + line };
    }
  }
}
