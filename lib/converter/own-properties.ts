import type { JsonObject, JsonValue } from '../json.ts';

/**
 * Reading and writing keys that data chose. `record.constructor` must not reach the function of that name, and
 * writing `__proto__` must make an entry of that name, not change what the object inherits.
 */

/** Whether every object has something under this key without owning it. */
export function isInheritedKey(key: string): boolean {
  return key in Object.prototype;
}

export function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function setOwnValue(object: JsonObject, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}
