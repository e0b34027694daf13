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
  const found = setRequirement(part) ?? equalityRequirement(part) ?? existenceRequirement(part);
  if (found !== undefined) return found;
  throw badRequest(
    `unable to parse requirement: ${JSON.stringify(part)} of the selector ${JSON.stringify(whole)}`,
  );
}

function setRequirement(part: string): Requirement | undefined {
  const match = setPattern.exec(part);
  if (match === null) return undefined;
  const [, key = '', operator, list = ''] = match;
  const values = new Set(list.split(',').map((value) => value.trim()));
  const isIn: Requirement = (labels) => labels[key] !== undefined && values.has(labels[key]);
  return operator === 'in' ? isIn : (labels) => !isIn(labels);
}

function equalityRequirement(part: string): Requirement | undefined {
  const match = equalityPattern.exec(part);
  if (match === null) return undefined;
  const [, key = '', operator, value = ''] = match;
  return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
}

function existenceRequirement(part: string): Requirement | undefined {
  const match = existsPattern.exec(part);
  if (match === null) return undefined;
  const [, not, key = ''] = match;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
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
  const allowed = new Set([
    'metadata.name',
    'metadata.namespace',
    ...(selectableFields[definition.kind] ?? []),
  ]);
  const requirements = splitRequirements(text).map((part): Selector => {
    const match = /^([^=!]+)(==?|!=)(.*)$/u.exec(part);
    const [, field = '', operator, value] = match ?? [];
    if (match === null)
      throw badRequest(`invalid selector: ${JSON.stringify(text)}; can't understand ${JSON.stringify(part)}`);
    if (!allowed.has(field)) throw badRequest(`field label not supported: ${field}`);
    return (object) => ((readPath(object, `.${field}`)[0] ?? '') === value) === (operator !== '!=');
  });
  return (object) => requirements.every((holds) => holds(object));
}
