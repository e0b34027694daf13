import type { Clock } from './clock.ts';
import { reasonOf, TerminalError, TransientError } from './errors.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { isSecretName, REDACTED } from './redact.ts';

/** In rising order of weight. */
const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Anything; errors are written with their class, reason, message and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Messages are fixed phrases, so that lines can be grouped; what varies goes into fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger;
}

export interface LoggerDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
  readonly redact: (text: string) => string;
  readonly level?: LogLevel;
}

const MAX_TEXT = 8_192;
const MAX_ITEMS = 50;
const MAX_DEPTH = 5;

/** One JSON object a line: `time` (RFC 3339), `level`, `message`, then the fields. */
export function createLogger(deps: LoggerDeps, fields: LogFields = {}): Logger {
  const lowest = logLevels.indexOf(deps.level ?? 'info');
  const base = jsonFields(fields, deps.redact);

  function log(level: LogLevel, message: string, more?: LogFields): void {
    if (logLevels.indexOf(level) < lowest) return;
    const line: JsonObject = {
      time: new Date(deps.clock.now()).toISOString(),
      level,
      message: toText(message, deps.redact),
      ...base,
      ...(more === undefined ? {} : jsonFields(more, deps.redact)),
    };
    deps.write(JSON.stringify(line));
  }

  return {
    debug: (message, more) => log('debug', message, more),
    info: (message, more) => log('info', message, more),
    warn: (message, more) => log('warn', message, more),
    error: (message, more) => log('error', message, more),
    child: (more) => createLogger(deps, { ...fields, ...more }),
  };
}

function jsonFields(fields: LogFields, redact: (text: string) => string): JsonObject {
  return objectOf(Object.entries(fields), { redact, depth: 0 });
}

interface Walk {
  readonly redact: (text: string) => string;
  readonly depth: number;
}

/** Bounded in depth, items and text, so that a circular or huge value cannot hurt. */
function toJson(value: unknown, walk: Walk): JsonValue {
  switch (typeof value) {
    case 'string':
      return toText(value, walk.redact);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'object':
      return structureOf(value, walk);
    default:
      return String(value);
  }
}

function structureOf(value: object | null, walk: Walk): JsonValue {
  if (value === null) return null;
  if (walk.depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return errorOf(value, walk);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  const inner = { ...walk, depth: walk.depth + 1 };
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => toJson(item, inner));
  return objectOf(Object.entries(value), inner);
}

function objectOf(entries: readonly (readonly [string, unknown])[], walk: Walk): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of entries.slice(0, MAX_ITEMS)) {
    if (value === undefined) continue;
    result[name] = isSecretName(name) && typeof value === 'string' ? REDACTED : toJson(value, walk);
  }
  return result;
}

/** The stack only where the class does not already say all there is to know: for errors that nobody foresaw. */
function errorOf(error: Error, walk: Walk): JsonObject {
  const foreseen = error instanceof TerminalError || error instanceof TransientError;
  const inner = { ...walk, depth: walk.depth + 1 };
  return {
    class: error.name,
    ...(foreseen ? { reason: reasonOf(error) } : {}),
    message: toText(error.message, walk.redact),
    ...(foreseen || error.stack === undefined ? {} : { stack: toText(error.stack, walk.redact) }),
    ...(error.cause === undefined ? {} : { cause: toJson(error.cause, inner) }),
  };
}

function toText(text: string, redact: (text: string) => string): string {
  const clean = redact(text.length > MAX_TEXT * 2 ? text.slice(0, MAX_TEXT * 2) : text);
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}…` : clean;
}
