import type { JsonObject } from '../../../../lib/json.ts';
import { invalidValue, required, unsupportedValue, type FieldError } from '../field-error.ts';
import { numberAt, objectAt, textAt } from '../object-fields.ts';
import { plainBehaviour, type KindBehaviour } from '../resource-definition.ts';

export const leaseBehaviour: KindBehaviour = {
  ...plainBehaviour,
  needsResourceVersion: true,
  validate: (lease) => {
    const seconds = numberAt(objectAt(lease, 'spec'), 'leaseDurationSeconds');
    if (seconds === undefined || seconds > 0) return [];
    return [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')];
  },
};

export const eventBehaviour: KindBehaviour = {
  ...plainBehaviour,
  validate: (event, old) => (old === undefined ? validateEvent(event) : []),
};

const maxNoteBytes = 1024;

function validateEvent(event: JsonObject): FieldError[] {
  const needed = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason'];
  const errors = needed.filter((name) => textAt(event, name) === '').map((name) => required(name));
  const type = textAt(event, 'type');
  if (type !== 'Normal' && type !== 'Warning')
    errors.push(unsupportedValue('type', type, ['Normal', 'Warning']));
  const note = textAt(event, 'note');
  if (Buffer.byteLength(note) > maxNoteBytes) {
    errors.push(invalidValue('note', '', `can have at most ${String(maxNoteBytes)} characters`));
  }
  return errors;
}
