import type { JsonValue } from '../json.ts';
import type { JsonType } from './casts.ts';
import type { Evaluate } from './evaluation.ts';

/**
 * What an operator takes in one place.
 * `text` and `literal` stand in the converter as they are; all others are source descriptions, whose type is
 * checked at load time where it can be known (`["cond", ["int", 5], …]` is refused).
 */
export type ParameterKind = 'text' | 'literal' | 'any' | 'condition' | 'number' | 'string' | 'dict';

export interface Parameter {
  readonly kind: ParameterKind;
  /** As the reference page names it. */
  readonly name: string;
}

/** Arguments left of the bar once, those right of it as often as one likes, in whole groups. */
export interface Signature {
  readonly once: readonly Parameter[];
  readonly repeated: readonly Parameter[];
}

export type OperatorFamily = 'values' | 'strings' | 'time' | 'booleans' | 'numbers';

/** What an operator gives when it gives a value; `any` when that depends on the record. */
export type Yield = JsonType | 'any';

/** The arguments of one use of an operator, checked against its signature. */
export interface OperatorCall {
  /** How many there are, the operator's name not counted. */
  readonly count: number;
  source(index: number): Evaluate;
  text(index: number): string;
  literal(index: number): JsonValue;
  /** Reports that argument as a load error; what `compile` returns is then not used. */
  refuse(index: number, message: string): void;
}

export interface Operator {
  /** The first is the name proper, the others are aliases. */
  readonly names: readonly [string, ...string[]];
  readonly family: OperatorFamily;
  readonly yields: Yield | ((call: OperatorCall) => Yield);
  readonly signature: Signature;
  /** One sentence for the reference page. */
  readonly summary: string;
  /** Called once when a converter is loaded; what it returns is called for each record and never throws. */
  compile(call: OperatorCall): Evaluate;
}

/** `takes(['text', 'separator'], ['string', 'source'])`: a parameter after the other, kind and name. */
export function takes(...parameters: readonly ParameterWord[]): Signature {
  return { once: parameters.map(parameterOf), repeated: [] };
}

/** The same, with a group that may follow any number of times. */
export function takesMany(once: readonly ParameterWord[], repeated: readonly ParameterWord[]): Signature {
  return { once: once.map(parameterOf), repeated: repeated.map(parameterOf) };
}

type ParameterWord = readonly [kind: ParameterKind, name: string];

function parameterOf([kind, name]: ParameterWord): Parameter {
  return { kind, name };
}

/** The parameter at an index, counted over the repetitions too; undefined past the end of a fixed signature. */
export function parameterAt(signature: Signature, index: number): Parameter | undefined {
  const { once, repeated } = signature;
  if (index < once.length) return once[index];
  return repeated.length === 0 ? undefined : repeated[(index - once.length) % repeated.length];
}

/** All sources of a call from `first` on. */
export function sourcesOf(call: OperatorCall, first = 0): readonly Evaluate[] {
  return Array.from({ length: call.count - first }, (_, index) => call.source(first + index));
}
