import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { truthOf } from './casts.ts';
import { compileSource } from './compile-source.ts';
import type { Compilation } from './compile-source.ts';
import type { CompiledConverter, Conversion, Converter } from './converter.ts';
import { readDocument } from './document.ts';
import { budgetPerRecord } from './evaluation.ts';
import type { Evaluate, Evaluation } from './evaluation.ts';
import { below, collectLoadErrors, quote } from './load-errors.ts';
import type { LoadErrors } from './load-errors.ts';
import { nearNames } from './near-names.ts';
import { ownValue } from './own-properties.ts';

/**
 * Compiles a converter: a whole Amplitude document (`config_name`, `converterConfig`, `keyValidatorConfig`), or
 * the short form `{convertToAmplitudeFunc, ignoreEventFlag?}`. Never throws; gives all errors at once.
 */
export function compileConverter(document: JsonValue): CompiledConverter {
  const errors = collectLoadErrors();
  const { settings, conversion } = readDocument(document, errors);
  const converter = conversion && compileFunction(conversion, errors);
  return converter === undefined || errors.found.length > 0
    ? { kind: 'invalid', errors: errors.found }
    : { kind: 'compiled', converter, settings };
}

/** The part of a document that says what becomes of a record. */
interface ConversionPart {
  /** Where it stands; empty in the short form. */
  readonly path: string;
  readonly fields: JsonObject;
  readonly ignoreEventFlag: string | undefined;
}

function compileFunction(part: ConversionPart, errors: LoadErrors): Converter {
  const { fields, ignoreEventFlag } = part;
  const compilation: Compilation = { errors, sources: 0 };
  const path = below(part.path, 'convertToAmplitudeFunc');
  const names = Object.keys(fields).filter((name) => name !== ignoreEventFlag);
  const kept: JsonObject = Object.fromEntries(names.map((name) => [name, fields[name] ?? null]));
  const output = compileSource(kept, { path, depth: 0 }, compilation).evaluate;
  if (ignoreEventFlag === undefined) return { fields: names, convert: convertAll(output) };
  const flag = ownValue(fields, ignoreEventFlag);
  if (flag === undefined) {
    errors.add(below(part.path, 'ignoreEventFlag'), noSuchField(ignoreEventFlag, names));
    return { fields: names, convert: convertAll(output) };
  }
  const place = { path: below(path, ignoreEventFlag), depth: 1 };
  const ignored = compileSource(flag, place, compilation).evaluate;
  return { fields: names, convert: convertUnlessIgnored(output, ignored, ignoreEventFlag) };
}

function noSuchField(flag: string, names: readonly string[]): string {
  const near = nearNames(flag, names);
  const cure =
    near.length > 0 ? `did you mean ${quote(near[0])}?` : 'add that field, e.g. with ["equals", …]';
  return `convertToAmplitudeFunc has no field ${quote(flag)}, so that no record would ever be skipped: ${cure}`;
}

function convertAll(output: Evaluate): Converter['convert'] {
  return (record, { now }) => finish(output, record, { now, budget: budgetPerRecord });
}

function convertUnlessIgnored(output: Evaluate, ignored: Evaluate, flag: string): Converter['convert'] {
  const skip: Conversion = {
    kind: 'skip',
    reason: `ignoreEventFlag: ${quote(flag)} is true for this record`,
  };
  return (record, { now }) => {
    const evaluation = { now, budget: budgetPerRecord };
    if (truthOf(ignored(record, evaluation)) && evaluation.budget >= 0) return skip;
    return finish(output, record, evaluation);
  };
}

const tooMuchWork: Conversion = {
  kind: 'reject',
  reason: `converting this record takes too much work: more than ${budgetPerRecord} characters or items are made or searched. Map fewer fields, or split the record`,
};

function finish(output: Evaluate, record: JsonValue, evaluation: Evaluation): Conversion {
  const made = output(record, evaluation);
  return evaluation.budget < 0 || !isJsonObject(made) ? tooMuchWork : { kind: 'output', output: made };
}
