import type { JsonObject, JsonValue } from '../../../lib/json.ts';

/** A field by any name: an assignment to `__proto__` would not make one. */
export function setField(object: JsonObject, name: string, value: JsonValue): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
