import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { answerFrom, type StoreAnswer } from './upstream.ts';

const resetAfterMs = 50;

/** Sends the store's answer on, spoilt as the fault says. Ends when all is sent, or the client has gone. */
export async function sendBody(
  response: ServerResponse,
  answer: StoreAnswer,
  fault: Fault | undefined,
): Promise<void> {
  const spoilt = fault?.kind === 'rewrite' ? await rewritten(answer, fault) : answer;
  response.writeHead(spoilt.status, Object.fromEntries(headersFor(spoilt, fault)));
  response.flushHeaders();
  const limit = limitOf(spoilt, fault);
  let sent = 0;
  let paused = fault?.kind !== 'pause';
  for await (const piece of spoilt.body as AsyncIterable<Buffer>) {
    let chunk = piece;
    if (!paused && fault?.kind === 'pause' && sent + chunk.length >= fault.afterBytes) {
      const before = Math.max(0, fault.afterBytes - sent);
      await write(response, chunk.subarray(0, before));
      await fault.meanwhile();
      chunk = chunk.subarray(before);
      sent += before;
      paused = true;
    }
    if (fault?.kind === 'flip') chunk = flipped(chunk, fault.at - sent);
    const part = chunk.subarray(0, Math.max(0, limit - sent));
    await (fault?.kind === 'slow' ? drip(response, part, fault.bytesPerSecond) : write(response, part));
    sent += part.length;
    if (sent >= limit || response.destroyed) break;
  }
  await end(response, fault);
}

function headersFor(answer: StoreAnswer, fault: Fault | undefined): ReadonlyMap<string, string> {
  if (fault?.kind === 'flip') return new Map([...answer.headers, ...Object.entries(fault.headers ?? {})]);
  const length = Number(answer.headers.get('content-length') ?? 0);
  if (fault?.kind !== 'wrongLength') return answer.headers;
  return new Map(answer.headers).set('content-length', String(length + fault.by));
}

/** Bytes of the body that are sent. */
function limitOf(answer: StoreAnswer, fault: Fault | undefined): number {
  switch (fault?.kind) {
    case 'reset':
    case 'cut':
    case 'stall':
      return fault.afterBytes ?? 0;
    case 'wrongLength':
      return Number(answer.headers.get('content-length') ?? 0) + Math.min(0, fault.by);
    default:
      return Infinity;
  }
}

async function end(response: ServerResponse, fault: Fault | undefined): Promise<void> {
  switch (fault?.kind) {
    case 'stall':
      return;
    case 'reset':
      await fault.meanwhile?.();
      // A reset overtakes what the receiver has not yet taken.
      await delay(resetAfterMs);
      response.socket?.resetAndDestroy();
      return;
    case 'cut':
      response.socket?.end();
      return;
    case 'wrongLength':
      if (fault.by > 0) response.socket?.end();
      else response.end();
      return;
    default:
      response.end();
  }
}

async function rewritten(
  answer: StoreAnswer,
  fault: Extract<Fault, { kind: 'rewrite' }>,
): Promise<StoreAnswer> {
  const whole = Buffer.concat((await answer.body.toArray()) as Buffer[]);
  const made = answerFrom(answer, Buffer.from(fault.body?.(whole) ?? whole));
  const headers = new Map([...made.headers, ...Object.entries(fault.headers ?? {})]);
  for (const name of fault.without ?? []) headers.delete(name);
  return { ...made, headers };
}

function flipped(chunk: Buffer, at: number): Buffer {
  if (at < 0 || at >= chunk.length) return chunk;
  const copy = Buffer.from(chunk);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

/** Ten pieces a second. */
async function drip(response: ServerResponse, bytes: Buffer, bytesPerSecond: number): Promise<void> {
  const size = Math.max(1, Math.ceil(bytesPerSecond / 10));
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    await write(response, bytes.subarray(at, at + size));
    await delay(100);
  }
}

async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed || bytes.length === 0) return;
  if (response.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
}
