import type { JsonObject, JsonValue } from '../../lib/json.ts';
import { readPath } from '../local/api/json-path.ts';
import { metadataOf, textAt } from '../local/api/object-fields.ts';
import type { PrinterColumn, ResourceDefinition } from '../local/api/resource-definition.ts';
import { formatAge } from './format-age.ts';

export interface TableOptions {
  /** Columns of a lower priority too. */
  readonly wide: boolean;
  /** A column for it, as for a list over all of them. */
  readonly withNamespace: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface ObjectTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Objects of one kind as kubectl lists them, in the columns that their kind names. */
export function objectTable(
  definition: ResourceDefinition,
  objects: readonly JsonObject[],
  options: TableOptions,
): ObjectTable {
  const columns = definition.columns.filter(({ priority = 0 }) => priority === 0 || options.wide);
  const namespace = (object: JsonObject) =>
    options.withNamespace ? [textAt(metadataOf(object), 'namespace')] : [];
  return {
    headings: [
      ...(options.withNamespace ? ['NAMESPACE'] : []),
      'NAME',
      ...columns.map(({ name }) => name.toUpperCase()),
    ],
    rows: objects.map((object) => [
      ...namespace(object),
      textAt(metadataOf(object), 'name'),
      ...columns.map((column) => cellOf(object, column, options.now)),
    ]),
  };
}

function cellOf(object: JsonObject, { jsonPath, type }: PrinterColumn, now: number): string {
  const [value] = readPath(object, jsonPath);
  if (value === undefined) return '';
  if (type !== 'date') return textOf(value);
  const time = Date.parse(textOf(value));
  return Number.isNaN(time) ? '<invalid>' : formatAge(now - time);
}

/** Up to the first line break, as a cell has one line. */
function textOf(value: JsonValue): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const [line = ''] = text.split(/[\n\r\f]/u);
  return line.length < text.length ? `${line}...` : line;
}
