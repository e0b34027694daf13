import { isDeepStrictEqual } from 'node:util';

import { Environment, Optional, type ParseResult } from '@marcbachmann/cel-js';

import { messageOf, TerminalError } from '../../../lib/errors.ts';
import { isJsonObject } from '../../../lib/json.ts';
import { declareType, toCelValue } from './cel-types.ts';
import {
  childField,
  duplicate,
  forbiddenField,
  invalidField,
  invalidValue,
  required,
  type FieldError,
} from './field-error.ts';
import { fieldSchema, type Schema, type ValidationRule } from './structural-schema.ts';
import { oldField, oldItem, type Checked } from './validate-schema.ts';

interface CompiledRule {
  readonly rule: ValidationRule;
  readonly evaluate: ParseResult;
  readonly message: ParseResult | undefined;
  /** Speaks of `oldSelf`: runs only where there is an old value. */
  readonly isTransition: boolean;
}

/** The rules of a schema and of all below it, compiled once. */
export interface CelValidator {
  validate(checked: Omit<Checked, 'schema'>): FieldError[];
}

/**
 * Compiles every rule of a CRD's schema against the schema's types. A rule that this implementation of CEL does not
 * understand is refused here, by name, and never at the time of an apply.
 */
export function compileRules(schema: Schema, kind: string): CelValidator {
  const compiled = new Map<Schema, readonly CompiledRule[]>();
  compileBelow(withObjectTypes(schema), { compiled, path: '', kind, original: schema });
  return { validate: (checked) => validateRules({ ...checked, schema }, compiled) };
}

interface Compilation {
  readonly compiled: Map<Schema, readonly CompiledRule[]>;
  readonly path: string;
  readonly kind: string;
  /** The schema as it came, by which the rules are found again. */
  readonly original: Schema;
}

/** A rule at the root sees the object's type, and of its metadata the name alone. */
function withObjectTypes(schema: Schema): Schema {
  const text: Schema = { type: 'string' };
  const metadata: Schema = { type: 'object', properties: { name: text, generateName: text } };
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } };
}

function compileBelow(schema: Schema, compilation: Compilation): void {
  const rules = schema['x-kubernetes-validations'];
  if (rules) {
    const environments = environmentsOf(schema);
    const compileOne = (rule: ValidationRule) => compileRule(rule, environments, compilation);
    compilation.compiled.set(compilation.original, rules.map(compileOne));
  }
  for (const [name, field] of Object.entries(compilation.original.properties ?? {})) {
    compileBelow(field, { ...compilation, original: field, path: childField(compilation.path, name) });
  }
  const { items, additionalProperties } = compilation.original;
  if (items) compileBelow(items, { ...compilation, original: items, path: `${compilation.path}[*]` });
  if (typeof additionalProperties === 'object') {
    const path = childField(compilation.path, '*');
    compileBelow(additionalProperties, { ...compilation, original: additionalProperties, path });
  }
}

interface Environments {
  readonly plain: Environment;
  readonly transition: Environment;
  readonly optionalTransition: Environment;
}

function environmentsOf(schema: Schema): Environments {
  const base = new Environment({ enableOptionalTypes: true });
  const type = declareType(base, schema, 'Self');
  const plain = base.registerVariable('self', type);
  return {
    plain,
    transition: plain.clone().registerVariable('oldSelf', type),
    optionalTransition: plain.clone().registerVariable('oldSelf', `optional<${type}>`),
  };
}

function compileRule(rule: ValidationRule, environments: Environments, at: Compilation): CompiledRule {
  const transition =
    rule.optionalOldSelf === true ? environments.optionalTransition : environments.transition;
  const isTransition = !environments.plain.check(rule.rule).valid && transition.check(rule.rule).valid;
  const evaluate = compileExpression(rule.rule, 'bool', transition, at);
  const { messageExpression } = rule;
  const message =
    messageExpression === undefined
      ? undefined
      : compileExpression(messageExpression, 'string', transition, at);
  return { rule, evaluate, message, isTransition };
}

function compileExpression(
  text: string,
  type: string,
  environment: Environment,
  at: Compilation,
): ParseResult {
  const checked = environment.check(text);
  if (!checked.valid) throw notUnderstood(text, checked.error, at);
  if (checked.type !== type && checked.type !== 'dyn') {
    throw notUnderstood(text, new Error(`it yields ${String(checked.type)}, not ${type}`), at);
  }
  return environment.parse(text);
}

function notUnderstood(text: string, why: unknown, at: Compilation): TerminalError {
  const [first = ''] = messageOf(why).split('\n');
  return new TerminalError({
    reason: 'RuleNotSupported',
    message: `local mode cannot check the rule ${JSON.stringify(text)} of ${at.kind}${at.path === '' ? '' : ` at ${at.path}`}: ${first}`,
  });
}

function validateRules(
  checked: Checked,
  compiled: ReadonlyMap<Schema, readonly CompiledRule[]>,
): FieldError[] {
  const { value, schema, path, old } = checked;
  if (value === null) return [];
  const own = (compiled.get(schema) ?? []).flatMap((rule) => applyRule(rule, checked));
  const below = (next: Checked) => validateRules(next, compiled);
  const { items } = schema;
  if (Array.isArray(value) && items) {
    const ofItems = value.flatMap((item, index) =>
      below({
        value: item,
        schema: items,
        path: `${path}[${String(index)}]`,
        old: oldItem(schema, item, old),
      }),
    );
    return [...own, ...ofItems];
  }
  if (!isJsonObject(value)) return own;
  const ofFields = Object.entries(value).flatMap(([name, item]) => {
    const field = fieldSchema(schema, name);
    if (field === undefined) return [];
    return below({ value: item, schema: field, path: childField(path, name), old: oldField(name, old) });
  });
  return [...own, ...ofFields];
}

function applyRule(compiled: CompiledRule, checked: Checked): FieldError[] {
  const { rule } = compiled;
  if (!isDue(compiled, checked)) return [];
  const variables = variablesOf(compiled, checked);
  try {
    if (compiled.evaluate(variables) === true) return [];
  } catch (error) {
    const [first = ''] = messageOf(error).split('\n');
    return [invalidField(checked.path, `${first} evaluating rule: ${rule.message ?? rule.rule}`)];
  }
  return [fieldErrorOf(compiled, checked, messageFor(compiled, variables))];
}

/** A rule of the value alone does not judge again what an update leaves as it was. */
function isDue({ isTransition, rule }: CompiledRule, { value, old }: Checked): boolean {
  if (isTransition) return old !== undefined || rule.optionalOldSelf === true;
  return old === undefined || !isDeepStrictEqual(value, old);
}

function variablesOf(compiled: CompiledRule, checked: Checked): Record<string, unknown> {
  const schema = checked.path === '' ? withObjectTypes(checked.schema) : checked.schema;
  const self = toCelValue(checked.value, schema);
  const old = checked.old === undefined ? undefined : toCelValue(checked.old, schema);
  if (compiled.rule.optionalOldSelf === true) return { self, oldSelf: Optional.of(old) };
  return old === undefined ? { self } : { self, oldSelf: old };
}

function messageFor(compiled: CompiledRule, variables: Record<string, unknown>): string {
  const { rule } = compiled;
  const fallback = rule.message === undefined ? `failed rule: ${rule.rule.trim()}` : rule.message.trim();
  if (compiled.message === undefined) return fallback;
  try {
    const text: unknown = compiled.message(variables);
    return typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text.trim() : fallback;
  } catch {
    return fallback;
  }
}

function fieldErrorOf(compiled: CompiledRule, checked: Checked, message: string): FieldError {
  const below = (compiled.rule.fieldPath ?? '').replace(/^\./u, '');
  const field = below === '' ? checked.path : childField(checked.path, below);
  const { value } = checked;
  switch (compiled.rule.reason) {
    case 'FieldValueForbidden':
      return forbiddenField(field, message);
    case 'FieldValueRequired':
      return required(field, message);
    case 'FieldValueDuplicate':
      return duplicate(field, value);
    default:
      return typeof value === 'object' ? invalidField(field, message) : invalidValue(field, value, message);
  }
}
