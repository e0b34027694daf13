import type { JsonValue } from '../../../lib/json.ts';
import type { StatusCause } from './status-error.ts';

/**
 * What is wrong with one field, in the words that kubectl users know. `field` is the path, `.` between names,
 * `[n]` for an item of a list.
 */
export type FieldError = StatusCause;

export function required(field: string, why = ''): FieldError {
  return { reason: 'FieldValueRequired', message: withDetail('Required value', why), field };
}

export function invalidValue(field: string, value: JsonValue | undefined, why: string): FieldError {
  return {
    reason: 'FieldValueInvalid',
    message: withDetail(`Invalid value: ${JSON.stringify(value ?? null)}`, why),
    field,
  };
}

/** For objects and lists, whose value would make the message unreadable. */
export function invalidField(field: string, why: string): FieldError {
  return { reason: 'FieldValueInvalid', message: withDetail('Invalid value', why), field };
}

/** The message names the JSON type that was sent, the detail the one that is wanted. */
export function wrongType(field: string, sent: string, why: string): FieldError {
  return { reason: 'FieldValueTypeInvalid', message: withDetail(`Invalid value: "${sent}"`, why), field };
}

export function unsupportedValue(
  field: string,
  value: JsonValue,
  supported: readonly JsonValue[],
): FieldError {
  const values = supported.map((item) =>
    JSON.stringify(typeof item === 'string' ? item : JSON.stringify(item)),
  );
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${values.join(', ')}`,
    field,
  };
}

export function duplicate(field: string, value: JsonValue): FieldError {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

export function forbiddenField(field: string, why: string): FieldError {
  return { reason: 'FieldValueForbidden', message: withDetail('Forbidden', why), field };
}

export function tooLong(field: string, most: number): FieldError {
  return {
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${String(most)} byte${most === 1 ? '' : 's'}`,
    field,
  };
}

export function tooMany(field: string, actual: number, most: number): FieldError {
  return {
    reason: 'FieldValueTooMany',
    message: `Too many: ${String(actual)}: must have at most ${String(most)} item${most === 1 ? '' : 's'}`,
    field,
  };
}

function withDetail(text: string, why: string): string {
  return why === '' ? text : `${text}: ${why}`;
}

/** The path of a field below another; the empty path is the object itself. */
export function childField(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
