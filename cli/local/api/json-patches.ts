import { isDeepStrictEqual } from 'node:util';

import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { badRequest, StatusError } from './status-error.ts';

/** RFC 7386: null takes a field away, an object merges, all else replaces. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** More would only be a mistake; the API server has the same limit. */
const maxOperations = 10_000;

/** RFC 6902. The operations are applied in order, all or none. */
export function jsonPatch(target: JsonObject, patch: JsonValue): JsonValue {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > maxOperations) {
    throw badRequest(
      `The allowed maximum operations in a JSON patch is ${String(maxOperations)}, got ${String(patch.length)}`,
    );
  }
  return patch.reduce<JsonValue>(
    (value, operation) => applyOperation(value, operation),
    structuredClone(target),
  );
}

function applyOperation(document: JsonValue, operation: JsonValue): JsonValue {
  if (!isJsonObject(operation)) throw badRequest('an operation of a JSON patch is an object');
  const path = pointerOf(operation['path']);
  const value = operation['value'] ?? null;
  switch (operation['op']) {
    case 'add':
      return edit(document, path, { kind: 'add', value });
    case 'replace':
      read(document, path);
      return edit(document, path, { kind: 'replace', value });
    case 'remove':
      return edit(document, path, { kind: 'remove' });
    case 'test':
      if (!isDeepStrictEqual(read(document, path), value))
        throw refused(`testing value ${pointer(path)} failed`);
      return document;
    case 'copy':
      return edit(document, path, { kind: 'add', value: read(document, pointerOf(operation['from'])) });
    case 'move': {
      const from = pointerOf(operation['from']);
      const moved = read(document, from);
      return edit(edit(document, from, { kind: 'remove' }), path, { kind: 'add', value: moved });
    }
    default:
      throw badRequest(`unknown operation ${JSON.stringify(operation['op'])} in a JSON patch`);
  }
}

type Edit = { readonly kind: 'add' | 'replace'; readonly value: JsonValue } | { readonly kind: 'remove' };

function edit(document: JsonValue, path: readonly string[], change: Edit): JsonValue {
  const [name, ...rest] = path;
  if (name === undefined) return change.kind === 'remove' ? null : change.value;
  if (rest.length > 0) return withChild(document, name, edit(childOf(document, name), rest, change));
  if (Array.isArray(document)) return editList(document, name, change);
  if (!isJsonObject(document)) throw refused(`${pointer(path)} is not inside an object or a list`);
  if (change.kind !== 'remove') return { ...document, [name]: change.value };
  if (!Object.hasOwn(document, name))
    throw refused(`Unable to remove nonexistent key: ${name}: missing value`);
  const { [name]: _, ...others } = document;
  return others;
}

function editList(list: readonly JsonValue[], name: string, change: Edit): JsonValue {
  const index = name === '-' && change.kind === 'add' ? list.length : Number(name);
  const last = change.kind === 'add' ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last)
    throw refused(`Unable to access invalid index: ${name}`);
  if (change.kind === 'remove') return list.toSpliced(index, 1);
  return list.toSpliced(index, change.kind === 'replace' ? 1 : 0, change.value);
}

function withChild(document: JsonValue, name: string, child: JsonValue): JsonValue {
  if (Array.isArray(document)) return document.with(Number(name), child);
  return isJsonObject(document) ? { ...document, [name]: child } : document;
}

function childOf(document: JsonValue, name: string): JsonValue {
  const child = Array.isArray(document) ? document[Number(name)] : undefined;
  const found = isJsonObject(document) && Object.hasOwn(document, name) ? document[name] : child;
  if (found === undefined) throw refused(`doc is missing path: ${name}: missing value`);
  return found;
}

function read(document: JsonValue, path: readonly string[]): JsonValue {
  return path.reduce(childOf, document);
}

function pointerOf(value: JsonValue | undefined): readonly string[] {
  if (typeof value !== 'string' || (value !== '' && !value.startsWith('/'))) {
    throw badRequest(`a path of a JSON patch begins with /, not ${JSON.stringify(value ?? null)}`);
  }
  if (value === '') return [];
  return value
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pointer(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function refused(why: string): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `the server rejected our request due to an error in our request: ${why}`,
  });
}
