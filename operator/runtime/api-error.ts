import { TerminalError, TransientError } from '../../lib/errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import { redactShapes } from '../../lib/redact.ts';
import { parseRetryAfter } from '../../lib/retry.ts';
import type { ApiResponse } from './transport.ts';

/** What the API server said when it refused: the HTTP status and the parts of its Status object. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  /** A word of the API such as `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Expired`; empty if it gave none. */
  readonly statusReason: string;

  constructor(answer: { readonly code: number; readonly statusReason: string; readonly message: string }) {
    super(answer.message);
    this.code = answer.code;
    this.statusReason = answer.statusReason;
  }
}

/** The reasons that errors of the runtime carry. */
export const apiReasons = {
  /** No answer in time, or one that says that the server is not well or too busy. */
  unavailable: 'ApiServerUnavailable',
  /** Not authenticated, or no permission. Passes when somebody grants it, which no watch tells: tried again. */
  denied: 'ApiAccessDenied',
  notFound: 'ApiObjectNotFound',
  /** Somebody else wrote first. */
  conflict: 'ApiWriteConflict',
  /** The resourceVersion or page token is too old. */
  expired: 'ApiVersionExpired',
  /** The request itself is wrong: the same again would be refused again. */
  refused: 'ApiRequestRefused',
} as const;

const MAX_MESSAGE = 1_024;

/**
 * The one place where a refusal becomes an error of ours, with an ApiError as cause.
 *
 * @param subject what was asked, for a person, e.g. `apply jobs.batch acme/web-1`
 */
export function errorOfAnswer(
  subject: string,
  answer: ApiResponse,
  nowMs: number,
): TerminalError | TransientError {
  const status = isJsonObject(answer.body) ? answer.body : {};
  const code = answer.status;
  const statusReason = textOf(status['reason']);
  const said = textOf(status['message']) || textOf(answer.body) || 'no message';
  const cause = new ApiError({ code, statusReason, message: cut(redactShapes(said)) });
  const reason = reasonOfCode(code);
  const message = `${subject}: the Kubernetes API answered ${code}${statusReason && ` ${statusReason}`}: ${cause.message}`;
  if (reason === apiReasons.refused) return new TerminalError({ reason, message, cause });
  const retryAfterMs = retryAfterOf(answer, nowMs);
  return new TransientError({
    reason,
    message,
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Milliseconds that the server asks to wait, by header or in the Status. */
export function retryAfterOf(answer: ApiResponse, nowMs: number): number | undefined {
  const byHeader = parseRetryAfter(answer.headers['retry-after'], nowMs);
  if (byHeader !== undefined) return byHeader;
  const details = isJsonObject(answer.body) ? answer.body['details'] : undefined;
  const seconds = isJsonObject(details) ? details['retryAfterSeconds'] : undefined;
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}

/** The server's refusal behind an error of ours, if it is one. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof ApiError ? cause : undefined;
}

export function isNotFound(error: unknown): boolean {
  return apiErrorOf(error)?.code === 404;
}

/** A create found the name taken. */
export function isAlreadyExists(error: unknown): boolean {
  return apiErrorOf(error)?.statusReason === 'AlreadyExists';
}

/** A write lost against another one, a precondition did not hold, or an apply would take another manager's field. */
export function isConflict(error: unknown): boolean {
  const answer = apiErrorOf(error);
  return answer?.code === 409 && answer.statusReason !== 'AlreadyExists';
}

/** The resourceVersion or the page token is too old: list anew. */
export function isExpired(error: unknown): boolean {
  return apiErrorOf(error)?.code === 410;
}

export function isForbidden(error: unknown): boolean {
  return apiErrorOf(error)?.code === 403;
}

const undeclared = /\.([\w.]+)[^\s:]*: field not declared in schema/g;

/** Paths of fields, such as `status.latency`, that the server's definition of the resource does not know; in lists, of the list. */
export function undeclaredFields(error: unknown): readonly string[] {
  const said = apiErrorOf(error)?.message ?? '';
  return [...new Set([...said.matchAll(undeclared)].map(([, path = '']) => path))];
}

/** An apply with fields that the definition does not know is answered with 500, and would be again. */
export function refusesFields({ body }: ApiResponse): boolean {
  return isJsonObject(body) && textOf(body['message']).includes('field not declared in schema');
}

function reasonOfCode(code: number): string {
  switch (code) {
    case 401:
    case 403:
      return apiReasons.denied;
    case 404:
      return apiReasons.notFound;
    case 409:
      return apiReasons.conflict;
    case 410:
      return apiReasons.expired;
    case 408:
    case 429:
      return apiReasons.unavailable;
    default:
      return code >= 500 ? apiReasons.unavailable : apiReasons.refused;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function cut(text: string): string {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text;
}
