import type { JsonObject } from '../../../lib/json.ts';

/** One entry of `details.causes` of a Status. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface StatusInput {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
}

/** A refusal: what the client gets as the body, a Status of `v1`. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;

  constructor(input: StatusInput) {
    super(input.message);
    this.code = input.code;
    this.reason = input.reason;
    this.details = input.details;
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** What an error speaks of: `resource` is the plural. */
export interface Subject {
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  readonly name: string;
}

/** `jobs.batch "web"`, as the server names an object. */
function nameOf(subject: Subject): string {
  return `${qualified(subject.resource, subject.group)} "${subject.name}"`;
}

function qualified(word: string, group: string): string {
  return group === '' ? word : `${word}.${group}`;
}

function details(subject: Subject, kind: string, more: JsonObject = {}): JsonObject {
  return {
    name: subject.name,
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind,
    ...more,
  };
}

export function notFound(subject: Subject): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `${nameOf(subject)} not found`,
    details: details(subject, subject.resource),
  });
}

/** The path names no resource that this server has. */
export function unknownPath(): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });
}

export function alreadyExists(subject: Subject): StatusError {
  return new StatusError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${nameOf(subject)} already exists`,
    details: details(subject, subject.resource),
  });
}

export function conflict(subject: Subject, why: string): StatusError {
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${nameOf(subject)}: ${why}`,
    details: details(subject, subject.resource),
  });
}

/** Why an update that carries an old resourceVersion is refused. */
export const modifiedSince =
  'the object has been modified; please apply your changes to the latest version and try again';

export function applyConflict(message: string, causes: readonly StatusCause[]): StatusError {
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message,
    details: { causes: causes.map((cause) => ({ ...cause })) },
  });
}

export function invalid(subject: Subject, causes: readonly StatusCause[]): StatusError {
  const sentences = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `${qualified(subject.kind, subject.group)} "${subject.name}" is invalid: ${list}`,
    details: details(subject, subject.kind, { causes: causes.map((cause) => ({ ...cause })) }),
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

export function forbidden(subject: Subject, why: string): StatusError {
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${nameOf(subject)} is forbidden: ${why}`,
    details: details(subject, subject.resource),
  });
}

export function methodNotAllowed(): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}

export function unsupportedMediaType(sent: string, accepted: readonly string[]): StatusError {
  return new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format (${sent}) - accepted media types include: ${accepted.join(', ')}`,
  });
}

/** The resourceVersion or the `continue` token lies before what the server remembers: list anew. */
export function expired(message: string): StatusError {
  return new StatusError({ code: 410, reason: 'Expired', message });
}

/** What a cluster does and local mode does not. The reason says what to do instead. */
export function notInLocalMode(what: string): StatusError {
  return new StatusError({
    code: 501,
    reason: 'NotImplemented',
    message: `local mode has no ${what}`,
  });
}

/** Server-side apply cannot make sense of the object; the server gives no reason but 500. */
export function untypedPatch(message: string): StatusError {
  return new StatusError({
    code: 500,
    reason: '',
    message: `failed to create typed patch object ${message}`,
  });
}
