import { isDeepStrictEqual } from 'node:util';

import type { JsonObject } from '../../../../lib/json.ts';
import { forbiddenField, invalidValue, type FieldError } from '../field-error.ts';
import { objectAt, stringMapAt, textAt, withAbsent, withFields } from '../object-fields.ts';
import { plainBehaviour, type KindBehaviour } from '../resource-definition.ts';

export const configMapBehaviour: KindBehaviour = {
  ...plainBehaviour,
  validate: (configMap, old) => validateContent(configMap, old, ['data', 'binaryData']),
};

export const secretBehaviour: KindBehaviour = {
  ...plainBehaviour,
  fillIn: fillInSecret,
  validate: (secret, old) => [
    ...validateContent(secret, old, ['data']),
    ...(old !== undefined && secret['type'] !== old['type']
      ? [invalidValue('type', secret['type'], 'field is immutable')]
      : []),
  ],
};

/** `stringData` is a way to write `data`, and is never read back. */
function fillInSecret(secret: JsonObject): JsonObject {
  const plain = Object.entries(stringMapAt(secret, 'stringData'));
  const encoded = plain.map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const data = { ...objectAt(secret, 'data'), ...Object.fromEntries(encoded) };
  const merged = Object.keys(data).length === 0 ? secret : { ...secret, data };
  return withAbsent(withFields(merged, { stringData: undefined }), { type: 'Opaque' });
}

function validateContent(
  object: JsonObject,
  old: JsonObject | undefined,
  maps: readonly string[],
): FieldError[] {
  const why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  const errors = maps.flatMap((map) =>
    Object.keys(objectAt(object, map))
      .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/u.test(key))
      .map((key) => invalidValue(`${map}[${key}]`, key, why)),
  );
  if (old?.['immutable'] !== true) return errors;
  const changed = [...maps, 'immutable'].filter((name) => !isDeepStrictEqual(object[name], old[name]));
  return [
    ...errors,
    ...changed.map((name) => forbiddenField(name, 'field is immutable when `immutable` is set')),
  ];
}

export const namespaceBehaviour: KindBehaviour = {
  ...plainBehaviour,
  fillIn: (namespace) => {
    const metadata = objectAt(namespace, 'metadata');
    const labels = {
      ...objectAt(metadata, 'labels'),
      'kubernetes.io/metadata.name': textAt(metadata, 'name'),
    };
    return { ...namespace, metadata: { ...metadata, labels } };
  },
  onCreate: (namespace) => ({
    ...namespace,
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }),
};
