import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOf } from './s3-proxy/answers.ts';
import { emptied, type Fault } from './s3-proxy/faults.ts';
import { describeRequest, type ProxiedRequest } from './s3-proxy/requests.ts';
import { sendBody } from './s3-proxy/send-body.ts';
import { answerFrom, createUpstream, type StoreAnswer, type Upstream } from './s3-proxy/upstream.ts';

/**
 * An HTTP proxy before a real S3 (and STS, SQS) server that does what no test server does: it throttles, breaks
 * bodies, turns bytes, falls silent, says other things than the store says.
 *
 * A client is given the proxy's endpoint in place of the store's. Requests are passed on byte by byte with the Host
 * header that the client signed, so that signatures stay valid. What matches no rule is passed through.
 *
 *     const proxy = await startS3Proxy(s3.endpoint);
 *     const rule = proxy.add({ operation: 'GetObject', key: /\.gz$/, times: 2 }, slowDown());
 *     …                                             // the first two GETs of such keys are throttled
 *     assert.equal(rule.applied, 2);
 *     assert.equal(proxy.requests.filter(({ operation }) => operation === 'GetObject').length, 3);
 *     await proxy.stop();
 */
export interface S3Proxy {
  readonly endpoint: string;
  /** Every request so far, in the order in which they came, also those that a rule answered. */
  readonly requests: readonly ProxiedRequest[];
  /** Of the rules that match, the one added first is applied, until its times are spent. */
  add(match: RuleMatch, fault: Fault): Rule;
  /** Takes all rules away, and forgets the requests. */
  reset(): void;
  stop(): Promise<void>;
}

/** What is absent matches anything. */
export interface RuleMatch {
  /** As AWS names it, e.g. `GetObject`, `ListObjectsV2`, `AssumeRole`. */
  readonly operation?: string;
  readonly bucket?: string;
  readonly key?: string | RegExp;
  readonly when?: (request: ProxiedRequest) => boolean;
  /** So many that match are passed through before. */
  readonly after?: number;
  /** Default: each time. */
  readonly times?: number;
}

export interface Rule {
  /** How often it was applied. */
  readonly applied: number;
  remove(): void;
}

interface RuleState {
  readonly match: RuleMatch;
  readonly fault: Fault;
  seen: number;
  applied: number;
}

/** Starts one on a free port of loopback. */
export async function startS3Proxy(storeEndpoint: string): Promise<S3Proxy> {
  const upstream = createUpstream(storeEndpoint);
  const rules: RuleState[] = [];
  const requests: ProxiedRequest[] = [];
  const pages = new Map<string, StoreAnswer>();
  const server = createServer((incoming, response) => {
    void readAll(incoming)
      .then(async (body) => {
        const request = describeRequest(incoming, body);
        requests.push(request);
        const fault = chooseFault(rules, request);
        await serve({ incoming, body, request, response }, fault, { upstream, pages });
      })
      // A client that has gone, or a store that does not answer: both look like a broken connection.
      .catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    add: (match, fault) => {
      const state: RuleState = { match, fault, seen: 0, applied: 0 };
      rules.push(state);
      return {
        get applied() {
          return state.applied;
        },
        remove: () => {
          const at = rules.indexOf(state);
          if (at >= 0) rules.splice(at, 1);
        },
      };
    },
    reset: () => {
      rules.length = 0;
      requests.length = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      upstream.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function chooseFault(rules: readonly RuleState[], request: ProxiedRequest): Fault | undefined {
  for (const rule of rules) {
    if (!matches(rule.match, request)) continue;
    const { after = 0, times = Infinity } = rule.match;
    rule.seen += 1;
    if (rule.seen <= after || rule.applied >= times) continue;
    rule.applied += 1;
    return rule.fault;
  }
  return undefined;
}

function matches({ operation, bucket, key, when }: RuleMatch, request: ProxiedRequest): boolean {
  if (operation !== undefined && operation !== request.operation) return false;
  if (bucket !== undefined && bucket !== request.bucket) return false;
  if (key instanceof RegExp && !key.test(request.key ?? '')) return false;
  if (typeof key === 'string' && key !== request.key) return false;
  return when?.(request) !== false;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
  readonly request: ProxiedRequest;
  readonly response: ServerResponse;
}

interface ServeDeps {
  readonly upstream: Upstream;
  /** Pages that were held back, by the token under which they follow. */
  readonly pages: Map<string, StoreAnswer>;
}

async function serve(exchange: Exchange, fault: Fault | undefined, deps: ServeDeps): Promise<void> {
  const { request, response, incoming } = exchange;
  if (fault?.kind === 'silence') return;
  if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
    await fault.meanwhile?.();
    incoming.socket.resetAndDestroy();
    return;
  }
  if (fault?.kind === 'answer') {
    const { status, headers, body } = answerOf(fault, request);
    response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
    return;
  }
  if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms));
  const held = deps.pages.get(request.query.get('continuation-token') ?? '');
  const answer = held ?? (await deps.upstream.ask(incoming, exchange.body));
  await sendBody(response, fault?.kind === 'emptyPage' ? await holdBack(answer, deps.pages) : answer, fault);
}

/** The page follows under a token of the proxy's own, since a client signs the token that it asks with. */
async function holdBack(answer: StoreAnswer, pages: ServeDeps['pages']): Promise<StoreAnswer> {
  const whole = Buffer.concat((await answer.body.toArray()) as Buffer[]);
  const token = `held-${randomUUID()}`;
  const body = Buffer.from(emptied(whole.toString(), token));
  pages.set(token, answerFrom(answer, whole));
  return answerFrom(answer, body);
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  return Buffer.concat((await incoming.toArray()) as Buffer[]);
}
