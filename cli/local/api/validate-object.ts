import type { JsonObject } from '../../../lib/json.ts';
import type { FieldError } from './field-error.ts';
import { withoutManagedFields } from './managed-fields.ts';
import type { ResourceDefinition } from './resource-definition.ts';
import { validateMetadata } from './validate-metadata.ts';
import { validateListTypes, validateSchema } from './validate-schema.ts';

/** With one of these, rules might judge what is not there or not of their type. */
const blocking = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const notChecked: FieldError = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};

/** Everything that is wrong with an object, as a create (no `old`) or as a change of `old`. */
export function validateObject(
  object: JsonObject,
  old: JsonObject | undefined,
  definition: ResourceDefinition,
): FieldError[] {
  const value = withoutManagedFields(object);
  const before = old === undefined ? undefined : withoutManagedFields(old);
  const { schema, rules, behaviour } = definition;
  const errors = [
    ...validateMetadata(value, before),
    ...validateSchema({ value, schema, path: '', old: before }),
    ...validateListTypes(value, schema, ''),
    ...behaviour.validate(value, before),
  ];
  if (rules === undefined) return errors;
  if (errors.some((error) => blocking.has(error.reason))) return [...errors, notChecked];
  return [...errors, ...rules.validate({ value, path: '', old: before })];
}
