import type { JsonObject } from '../../../lib/json.ts';
import { metadataOf, stringMapAt } from './object-fields.ts';
import { readPath } from './json-path.ts';
import { badRequest } from './status-error.ts';
import type { ResourceDefinition } from './resource-definition.ts';

export type Selector = (object: JsonObject) => boolean;

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** `a=b, c!=d, e in (x, y), f notin (z), g, !h`. */
export function labelSelector(text: string): Selector {
  const requirements = splitRequirements(text).map((part) => labelRequirement(part, text));
  return (object) => {
    const labels = stringMapAt(metadataOf(object), 'labels');
    return requirements.every((holds) => holds(labels));
  };
}

const name = String.raw`[A-Za-z0-9._/-]+`;
const setPattern = new RegExp(String.raw`^(${name})\s+(in|notin)\s+\(([^()]*)\)$`, 'u');
const equalityPattern = new RegExp(String.raw`^(${name})\s*(==?|!=)\s*([A-Za-z0-9._-]*)$`, 'u');
const existsPattern = new RegExp(String.raw`^(!?)\s*(${name})$`, 'u');

function labelRequirement(part: string, whole: string): Requirement {
  const set = setPattern.exec(part);
  if (set) {
    const values = new Set((set[3] ?? '').split(',').map((value) => value.trim()));
    const key = set[1] ?? '';
    return set[2] === 'in'
      ? (labels) => labels[key] !== undefined && values.has(labels[key])
      : (labels) => labels[key] === undefined || !values.has(labels[key]);
  }
  const equality = equalityPattern.exec(part);
  if (equality) {
    const [, key = '', operator, value = ''] = equality;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = existsPattern.exec(part);
  if (exists) {
    const [, not, key = ''] = exists;
    return (labels) => Object.hasOwn(labels, key) === (not === '');
  }
  throw badRequest(
    `unable to parse requirement: ${JSON.stringify(part)} of the selector ${JSON.stringify(whole)}`,
  );
}

/** At commas that stand in no parentheses. */
function splitRequirements(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/u)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Beside the object's name and namespace. */
const selectableFields: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec.nodeName', 'spec.restartPolicy', 'status.phase'],
  Secret: ['type'],
  Namespace: ['status.phase'],
  Event: ['regarding.kind', 'regarding.namespace', 'regarding.name', 'regarding.uid', 'reason', 'type'],
};

/** `metadata.name=web,status.phase!=Failed`. */
export function fieldSelector(text: string, definition: ResourceDefinition): Selector {
  const allowed = ['metadata.name', 'metadata.namespace', ...(selectableFields[definition.kind] ?? [])];
  const requirements = splitRequirements(text).map((part): Selector => {
    const match = /^([^=!]+)(==?|!=)(.*)$/u.exec(part);
    const [, field = '', operator, value] = match ?? [];
    if (match === null)
      throw badRequest(`invalid selector: ${JSON.stringify(text)}; can't understand ${JSON.stringify(part)}`);
    if (!allowed.includes(field)) throw badRequest(`field label not supported: ${field}`);
    return (object) => ((readPath(object, `.${field}`)[0] ?? '') === value) === (operator !== '!=');
  });
  return (object) => requirements.every((holds) => holds(object));
}
