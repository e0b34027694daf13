import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { compileKeyPattern } from '../pattern.ts';
import type { DocumentSettings } from './converter.ts';
import { below, quote } from './load-errors.ts';
import type { LoadErrors } from './load-errors.ts';
import { nearNames } from './near-names.ts';
import { ownValue } from './own-properties.ts';

export interface ReadDocument {
  readonly settings: DocumentSettings;
  /** Undefined when there is none to compile; an error then says so. */
  readonly conversion:
    | { readonly path: string; readonly fields: JsonObject; readonly ignoreEventFlag: string | undefined }
    | undefined;
}

const silent: DocumentSettings = {
  name: undefined,
  fileType: undefined,
  compressionType: undefined,
  filterPattern: undefined,
};

const fileTypes = ['json', 'csv', 'parquet'] as const;
const compressionTypes = ['none', 'gzip'] as const;

/** Reads all of a converter document but its source descriptions. */
export function readDocument(document: JsonValue, errors: LoadErrors): ReadDocument {
  if (!isJsonObject(document)) {
    errors.add('', `a converter is an object with convertToAmplitudeFunc, not ${quote(document)}`);
    return { settings: silent, conversion: undefined };
  }
  if (!Object.hasOwn(document, 'converterConfig')) {
    return {
      settings: silent,
      conversion: readConversion({ object: document, path: '', known: [] }, errors),
    };
  }
  checkKeys(
    { object: document, path: '', known: ['config_name', 'converterConfig', 'keyValidatorConfig'] },
    errors,
  );
  const config = objectAt(document, 'converterConfig', errors);
  return {
    settings: {
      name: readName(ownValue(document, 'config_name'), errors),
      fileType: config && oneOf(config, 'fileType', fileTypes, errors),
      compressionType: config && oneOf(config, 'compressionType', compressionTypes, errors),
      filterPattern: readFilterPattern(document, errors),
    },
    conversion:
      config &&
      readConversion(
        { object: config, path: 'converterConfig', known: ['fileType', 'compressionType'] },
        errors,
      ),
  };
}

interface Part {
  readonly object: JsonObject;
  readonly path: string;
  readonly known: readonly string[];
}

function readConversion(part: Part, errors: LoadErrors): ReadDocument['conversion'] {
  const { object, path } = part;
  checkKeys({ ...part, known: [...part.known, 'convertToAmplitudeFunc', 'ignoreEventFlag'] }, errors);
  const flag = ownValue(object, 'ignoreEventFlag');
  if (flag !== undefined && typeof flag !== 'string') {
    errors.add(
      below(path, 'ignoreEventFlag'),
      `${quote(flag)} is not the name of a field: write it in quotes`,
    );
  }
  const fields = ownValue(object, 'convertToAmplitudeFunc');
  if (!isJsonObject(fields)) {
    const problem = fields === undefined ? 'is missing' : `is ${quote(fields)}`;
    errors.add(
      below(path, 'convertToAmplitudeFunc'),
      `${problem}: write an object, each field of the event with its source`,
    );
    return undefined;
  }
  return { path, fields, ignoreEventFlag: typeof flag === 'string' ? flag : undefined };
}

/** A key that nothing reads is a setting that its writer believes in. */
function checkKeys({ object, path, known }: Part, errors: LoadErrors): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const near = nearNames(key, known);
    const cure =
      near.length > 0 ? `did you mean ${quote(near[0])}?` : `remove it; known here are ${known.join(', ')}`;
    errors.add(below(path, key), `unknown key ${quote(key)}: ${cure}`);
  }
}

function objectAt(object: JsonObject, key: string, errors: LoadErrors): JsonObject | undefined {
  const value = ownValue(object, key);
  if (isJsonObject(value)) return value;
  errors.add(key, `is ${quote(value)}: write an object`);
  return undefined;
}

function oneOf<Word extends string>(
  object: JsonObject,
  key: string,
  words: readonly Word[],
  errors: LoadErrors,
): Word | undefined {
  const value = ownValue(object, key);
  if (value === undefined) return undefined;
  const word = words.find((known) => known === value);
  if (word === undefined) {
    errors.add(
      below('converterConfig', key),
      `${quote(value)} is none of ${words.map((known) => quote(known)).join(', ')}`,
    );
  }
  return word;
}

/** Amplitude writes the name as a list of one. */
function readName(name: JsonValue | undefined, errors: LoadErrors): string | undefined {
  const first = Array.isArray(name) && name.length === 1 ? name[0] : name;
  if (first === undefined || typeof first === 'string') return first;
  errors.add('config_name', `${quote(name)} is no name: write ["name"]`);
  return undefined;
}

function readFilterPattern(document: JsonObject, errors: LoadErrors): string | undefined {
  if (ownValue(document, 'keyValidatorConfig') === undefined) return undefined;
  const config = objectAt(document, 'keyValidatorConfig', errors);
  if (config === undefined) return undefined;
  checkKeys({ object: config, path: 'keyValidatorConfig', known: ['filterPattern'] }, errors);
  const pattern = ownValue(config, 'filterPattern');
  if (pattern === undefined) return undefined;
  const path = 'keyValidatorConfig.filterPattern';
  if (typeof pattern !== 'string') {
    errors.add(path, `${quote(pattern)} is no regular expression: write it in quotes`);
    return undefined;
  }
  const compiled = compileKeyPattern({ regex: pattern });
  if (compiled.kind === 'invalid') errors.add(path, compiled.message);
  return pattern;
}
