import type { JsonObject } from '../../../lib/json.ts';
import { forbiddenField, invalidValue, required, type FieldError } from './field-error.ts';
import { listAt, metadataOf, objectAt, stringsAt, textAt } from './object-fields.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/u;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/u;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/u;

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const maxAnnotationBytes = 256 * 1024;

export function validateMetadata(object: JsonObject, old: JsonObject | undefined): FieldError[] {
  const metadata = metadataOf(object);
  return [
    ...validateName(textAt(metadata, 'name')),
    ...validateLabels(objectAt(metadata, 'labels')),
    ...validateAnnotations(objectAt(metadata, 'annotations')),
    ...validateOwners(metadata),
    ...validateFinalizers(metadata, old),
  ];
}

function validateName(name: string): FieldError[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  if (name.length > 253) return [invalidValue('metadata.name', name, 'must be no more than 253 bytes')];
  return subdomain.test(name) ? [] : [invalidValue('metadata.name', name, subdomainRule)];
}

function validateLabels(labels: JsonObject): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const path = 'metadata.labels';
    const errors = validateKey(key, path);
    if (typeof value === 'string' && value.length > 63) {
      errors.push(invalidValue(path, value, 'must be no more than 63 bytes'));
    } else if (typeof value === 'string' && !labelValue.test(value)) {
      const rule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
      errors.push(invalidValue(path, value, rule));
    }
    return errors;
  });
}

function validateKey(key: string, path: string): FieldError[] {
  const slash = key.lastIndexOf('/');
  const name = key.slice(slash + 1);
  const errors: FieldError[] = [];
  if (slash >= 0 && !subdomain.test(key.slice(0, slash))) {
    errors.push(invalidValue(path, key, `prefix part ${subdomainRule}`));
  }
  if (name === '') errors.push(invalidValue(path, key, 'name part must be non-empty'));
  else if (name.length > 63) errors.push(invalidValue(path, key, 'name part must be no more than 63 bytes'));
  else if (!qualifiedName.test(name)) {
    const rule =
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    errors.push(invalidValue(path, key, rule));
  }
  return errors;
}

function validateAnnotations(annotations: JsonObject): FieldError[] {
  const path = 'metadata.annotations';
  const entries = Object.entries(annotations);
  const errors = entries.flatMap(([key]) => validateKey(key.toLowerCase(), path));
  const size = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(`${key}${typeof value === 'string' ? value : ''}`),
    0,
  );
  if (size <= maxAnnotationBytes) return errors;
  const message = `Too long: may not be more than ${String(maxAnnotationBytes)} bytes`;
  return [...errors, { reason: 'FieldValueTooLong', message, field: path }];
}

function validateOwners(metadata: JsonObject): FieldError[] {
  const owners = listAt(metadata, 'ownerReferences');
  const path = 'metadata.ownerReferences';
  const errors = owners.flatMap((owner) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((name) => textAt(owner, name) === '')
      .map((name) => invalidValue(`${path}.${name}`, '', 'must not be empty')),
  );
  if (owners.filter((owner) => owner['controller'] === true).length > 1) {
    const why = 'Only one reference can have Controller set to true.';
    errors.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${why}`, field: path });
  }
  return errors;
}

function validateFinalizers(metadata: JsonObject, old: JsonObject | undefined): FieldError[] {
  const path = 'metadata.finalizers';
  const finalizers = stringsAt(metadata, 'finalizers');
  const errors = finalizers.flatMap((finalizer) => validateKey(finalizer, path));
  const before = old === undefined ? undefined : metadataOf(old);
  if (textAt(before, 'deletionTimestamp') === '') return errors;
  const added = finalizers.filter((finalizer) => !stringsAt(before, 'finalizers').includes(finalizer));
  if (added.length === 0) return errors;
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((item) => JSON.stringify(item)).join(', ')}}`;
  return [...errors, forbiddenField(path, why)];
}
