import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Evaluate } from './evaluation.ts';
import { converterLimits } from './limits.ts';
import { below, quote } from './load-errors.ts';
import type { LoadErrors } from './load-errors.ts';
import { nearNames } from './near-names.ts';
import { parameterAt } from './operator.ts';
import type { Operator, OperatorCall, Parameter, ParameterKind, Yield } from './operator.ts';
import { compileBasicPath } from './operators/path.ts';
import { dict } from './operators/dict.ts';
import { operatorNames, operatorNamed } from './registry.ts';
import { signatureText } from './signature-text.ts';

/** A source description, compiled: what it gives and of which type. */
export interface CompiledSource {
  readonly evaluate: Evaluate;
  readonly yields: Yield;
}

/** What goes along while a converter is compiled. */
export interface Compilation {
  readonly errors: LoadErrors;
  /** Source descriptions met so far. */
  sources: number;
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

const nothing: CompiledSource = { evaluate: () => undefined, yields: 'any' };

/** SOURCE_DESCRIPTION := BASIC_PATH | LIST_OPERATOR | JSON_OBJECT. Errors are added to the compilation's. */
export function compileSource(source: JsonValue, place: Place, compilation: Compilation): CompiledSource {
  if (isTooLarge(place, compilation)) return nothing;
  if (typeof source === 'string') return { evaluate: compileBasicPath(source), yields: 'any' };
  if (Array.isArray(source)) return compileList(source, place, compilation);
  if (isJsonObject(source)) return compileObject(source, place, compilation);
  compilation.errors.add(
    place.path,
    `${quote(source)} is no source: for a fixed value write ["value", ${quote(source)}]`,
  );
  return nothing;
}

function isTooLarge({ path, depth }: Place, compilation: Compilation): boolean {
  compilation.sources += 1;
  if (compilation.sources === converterLimits.sources + 1) {
    compilation.errors.add(
      path,
      `the converter has more than ${converterLimits.sources} parts: split the source in two`,
    );
  }
  if (depth > converterLimits.depth) {
    compilation.errors.add(path, `nested deeper than ${converterLimits.depth} levels: flatten it`);
  }
  return depth > converterLimits.depth || compilation.sources > converterLimits.sources;
}

/** JSON_OBJECT is `dict` with its keys written as JSON has them. */
function compileObject(source: JsonObject, place: Place, compilation: Compilation): CompiledSource {
  const keys = Object.keys(source);
  const compiled = keys.map((key) => {
    const inner = { path: below(place.path, key), depth: place.depth + 1 };
    return compileSource(source[key] ?? null, inner, compilation);
  });
  const call: OperatorCall = {
    count: keys.length * 2,
    source: (index) => (compiled[(index - 1) / 2] ?? nothing).evaluate,
    text: (index) => keys[index / 2] ?? '',
    literal: () => null,
    refuse: (index, message) => compilation.errors.add(below(place.path, keys[index / 2] ?? ''), message),
  };
  return { evaluate: dict.compile(call), yields: 'dict' };
}

function compileList(source: readonly JsonValue[], place: Place, compilation: Compilation): CompiledSource {
  const name = source[0];
  if (typeof name !== 'string') {
    compilation.errors.add(place.path, listWithoutOperator(name));
    return nothing;
  }
  const operator = operatorNamed(name);
  if (operator === undefined) {
    compilation.errors.add(below(place.path, 0), unknownOperator(name));
    return nothing;
  }
  const wrongCount = wrongArity(operator, name, source.length - 1);
  if (wrongCount !== undefined) {
    compilation.errors.add(place.path, wrongCount);
    return nothing;
  }
  return compileCall(operator, source, place, compilation);
}

function compileCall(
  operator: Operator,
  list: readonly JsonValue[],
  place: Place,
  compilation: Compilation,
): CompiledSource {
  const compiled: (CompiledSource | undefined)[] = [];
  let textsAreTexts = true;
  for (let index = 1; index < list.length; index++) {
    const parameter = parameterAt(operator.signature, index - 1);
    const argument = list[index] ?? null;
    const inner = { path: below(place.path, index), depth: place.depth + 1 };
    if (parameter === undefined || parameter.kind === 'literal') compiled.push(undefined);
    else if (parameter.kind === 'text') {
      textsAreTexts =
        isText(argument, parameter, { operator, path: inner.path, compilation }) && textsAreTexts;
      compiled.push(undefined);
    } else {
      const source = compileSource(argument, inner, compilation);
      checkType(source.yields, parameter, inner.path, compilation);
      compiled.push(source);
    }
  }
  if (!textsAreTexts) return nothing;
  const call: OperatorCall = {
    count: list.length - 1,
    source: (index) => (compiled[index] ?? nothing).evaluate,
    text: (index) => list[index + 1] as string,
    literal: (index) => list[index + 1] ?? null,
    refuse: (index, message) => compilation.errors.add(below(place.path, index + 1), message),
  };
  const { yields } = operator;
  return { evaluate: operator.compile(call), yields: typeof yields === 'function' ? yields(call) : yields };
}

function isText(
  argument: JsonValue,
  parameter: Parameter,
  at: { readonly operator: Operator; readonly path: string; readonly compilation: Compilation },
): boolean {
  if (typeof argument === 'string') return true;
  const form = signatureText(at.operator);
  at.compilation.errors.add(
    at.path,
    `${quote(argument)} is not text: the ${parameter.name} of ${form} is written as it is, in quotes`,
  );
  return false;
}

/** The types that a parameter can do something with; absent: all. Text may hold a number or a boolean. */
const accepted: Partial<Record<ParameterKind, readonly Yield[]>> = {
  condition: ['bool', 'string', 'null', 'any'],
  number: ['number', 'string', 'null', 'any'],
  string: ['string', 'number', 'bool', 'any'],
  dict: ['dict', 'null', 'any'],
};

const wanted: Partial<Record<ParameterKind, string>> = {
  condition: 'a boolean, e.g. ["equals", "field", ["value", 1]]',
  number: 'a number, or text with a number in it',
  string: 'text, a number or a boolean',
  dict: 'an object',
};

function checkType(yields: Yield, parameter: Parameter, path: string, compilation: Compilation): void {
  const types = accepted[parameter.kind];
  if (types === undefined || types.includes(yields)) return;
  compilation.errors.add(
    path,
    `gives a ${yields} and can never be ${wanted[parameter.kind] ?? ''}: correct it`,
  );
}

function listWithoutOperator(name: JsonValue | undefined): string {
  return name === undefined
    ? 'an empty list names no operator: for an empty list as a value write ["value", []]'
    : `a list begins with the name of an operator, not with ${quote(name)}: for a list of values write ["array", …], for a fixed one ["value", […]]`;
}

function unknownOperator(name: string): string {
  const near = nearNames(name, operatorNames);
  return near.length > 0
    ? `unknown operator ${quote(name)}: did you mean ${near.map((known) => quote(known)).join(' or ')}?`
    : `unknown operator ${quote(name)}: the operators are ${operatorNames.join(', ')}; for a list of values write ["array", …]`;
}

function wrongArity(operator: Operator, name: string, count: number): string | undefined {
  const { once, repeated } = operator.signature;
  const extra = count - once.length;
  const form = `write ${signatureText(operator, name)}`;
  if (extra < 0) {
    const missing = once.slice(count).map((parameter) => parameter.name);
    return `${quote(name)} lacks ${missing.join(' and ')}: ${form}`;
  }
  if (extra > 0 && repeated.length === 0)
    return `${quote(name)} takes ${once.length} and has ${count} arguments: ${form}`;
  if (repeated.length > 0 && extra % repeated.length !== 0) {
    const missing = repeated.slice(extra % repeated.length).map((parameter) => parameter.name);
    return `the last group of ${quote(name)} is incomplete, it lacks ${missing.join(' and ')}: ${form}`;
  }
  return undefined;
}
