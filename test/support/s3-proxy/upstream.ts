import { Agent, request as ask, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** What the store answered; header names in lower case. */
export interface StoreAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Readable;
}

export interface Upstream {
  /** The same request, its headers as they were signed. */
  ask(incoming: IncomingMessage, body: Buffer): Promise<StoreAnswer>;
  close(): void;
}

/** Of the connection, not of the message. */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect']);

export function createUpstream(endpoint: string): Upstream {
  const { hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true });
  return {
    close: () => agent.destroy(),
    ask: (incoming, body) =>
      new Promise((resolve, reject) => {
        const { method, url: path } = incoming;
        const headers = [...pairsOf(incoming), ['content-length', String(body.length)] as const];
        const asked = ask({ hostname, port, method, path, headers: headers.flat(), agent }, (answer) => {
          resolve({ status: answer.statusCode ?? 502, headers: headersOf(answer), body: answer });
        });
        asked.once('error', reject);
        asked.end(body);
      }),
  };
}

/** The same answer with another body. */
export function answerFrom(answer: StoreAnswer, body: Buffer): StoreAnswer {
  const headers = new Map(answer.headers).set('content-length', String(body.length));
  return { ...answer, headers, body: Readable.from([body]) };
}

function pairsOf({ rawHeaders }: IncomingMessage): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && lower !== 'content-length') pairs.push([name, value]);
  }
  return pairs;
}

function headersOf({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !hopByHop.has(name));
  return new Map(kept.map(([name, value]) => [name, String(value)]));
}
