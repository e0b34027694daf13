import { isJsonObject, type JsonObject, type JsonValue } from '../../../lib/json.ts';
import { apiVersionOf } from '../../../operator/runtime/objects.ts';
import { metadataOf, textAt, withMetadata } from './object-fields.ts';
import { pruneFields } from './prune-fields.ts';
import type { ResourceDefinition } from './resource-definition.ts';
import { badRequest } from './status-error.ts';
import { validateSchema } from './validate-schema.ts';

/** What becomes of fields that the schema does not know: refused, dropped with a warning, or dropped. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface Decoded {
  readonly object: JsonObject;
  readonly warnings: readonly string[];
}

/** Reads the body of a write as an object of the kind, pruned to its schema. */
export function decodeObject(
  body: JsonValue | undefined,
  definition: ResourceDefinition,
  fieldValidation: FieldValidation,
): Decoded {
  const object = checkKind(body, definition);
  const bare = withMetadata(object, { managedFields: undefined });
  const pruned = pruneFields(bare, definition.schema);
  const unknown = pruned.unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (fieldValidation === 'Strict' && unknown.length > 0) {
    throw badRequest(`${cannotHandle(definition)}: strict decoding error: ${unknown.join(', ')}`);
  }
  if (definition.behaviour.isTyped) refuseWrongTypes(pruned.object, definition);
  return { object: pruned.object, warnings: fieldValidation === 'Warn' ? unknown : [] };
}

/** The body as an object that says it is of this kind. */
export function checkKind(body: JsonValue | undefined, definition: ResourceDefinition): JsonObject {
  if (!isJsonObject(body)) throw badRequest('the body of the request is not a JSON object');
  const apiVersion = apiVersionOf(definition);
  const sent = textAt(body, 'apiVersion');
  if (sent !== apiVersion) {
    throw badRequest(
      `the API version in the data (${sent}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (body['kind'] !== definition.kind) {
    throw badRequest(
      `${definition.kind} in version ${JSON.stringify(definition.version)} expected, the data is of kind ${JSON.stringify(body['kind'] ?? '')}`,
    );
  }
  if (body['metadata'] !== undefined && !isJsonObject(body['metadata'])) {
    throw badRequest(`${cannotHandle(definition)}: metadata is not an object`);
  }
  return body;
}

/** A client's mistake in a type keeps the body of a built-in kind from being read at all. */
function refuseWrongTypes(object: JsonObject, definition: ResourceDefinition): void {
  const errors = validateSchema({ value: object, schema: definition.schema, path: '', old: undefined });
  const wrong = errors.find((error) => error.reason === 'FieldValueTypeInvalid');
  if (wrong) throw badRequest(`${cannotHandle(definition)}: ${wrong.field}: ${wrong.message}`);
}

function cannotHandle(definition: ResourceDefinition): string {
  return `${definition.kind} in version ${JSON.stringify(definition.version)} cannot be handled as a ${definition.kind}`;
}

/** The namespace of an object that names none is the request's; another one is a mistake. */
export function inNamespace(object: JsonObject, namespace: string): JsonObject {
  const own = textAt(metadataOf(object), 'namespace');
  if (own !== '' && own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return namespace === '' ? object : withMetadata(object, { namespace });
}
