import { TerminalError } from '../../lib/errors.ts';
import type { JsonValue } from '../../lib/json.ts';

export type OptionValue = string | boolean | readonly string[];

interface SpecOf<Type extends string, Value> {
  readonly type: Type;
  readonly default: Value;
  /** One sentence for the reference page and the command's help. */
  readonly description: string;
  /** What is wrong with a value of the right type; undefined: nothing. */
  readonly check?: (value: Value) => string | undefined;
}

export type OptionSpec =
  SpecOf<'text', string> | SpecOf<'boolean', boolean> | SpecOf<'list', readonly string[]>;

export type OptionsSchema = Readonly<Record<string, OptionSpec>>;

/** The values of a schema, each given or by default. */
export type OptionValues<Schema extends OptionsSchema> = {
  readonly [Name in keyof Schema]: ValueOf[Schema[Name]['type']];
};

interface ValueOf {
  readonly text: string;
  readonly boolean: boolean;
  readonly list: readonly string[];
}

const typeNames = {
  text: 'a text',
  boolean: 'true or false',
  list: 'a list of texts',
} satisfies Record<OptionSpec['type'], string>;

/**
 * Given options checked against their schema, with the defaults filled in.
 * Throws a `TerminalError` `InvalidFormat` that names every wrong option, its value and the valid ones.
 */
export function resolveOptions<Schema extends OptionsSchema>(
  subject: string,
  schema: Schema,
  given: Readonly<Record<string, JsonValue | undefined>>,
): OptionValues<Schema> {
  const problems = Object.keys(given)
    .filter((name) => !Object.hasOwn(schema, name))
    .map((name) => unknownOption(name, Object.keys(schema)));
  const values: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(schema)) {
    const value = given[name] ?? spec.default;
    const problem = problemOf(spec, value);
    if (problem === undefined) values[name] = value as OptionValue;
    else problems.push(`${name} ${problem}`);
  }
  if (problems.length > 0) {
    const message = `The options of ${subject} are wrong: ${problems.join('; ')}.`;
    throw new TerminalError({ reason: 'InvalidFormat', message });
  }
  return values as OptionValues<Schema>;
}

function unknownOption(name: string, known: readonly string[]): string {
  return `${name} is not one of them (${known.length === 0 ? 'there are none' : known.join(', ')})`;
}

function problemOf(spec: OptionSpec, value: JsonValue | readonly string[]): string | undefined {
  if (!hasType(spec.type, value)) return `must be ${typeNames[spec.type]}, not ${JSON.stringify(value)}`;
  const check = spec.check as ((value: OptionValue) => string | undefined) | undefined;
  return check?.(value);
}

function hasType(type: OptionSpec['type'], value: JsonValue | readonly string[]): value is OptionValue {
  if (type === 'list') return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
  return typeof value === (type === 'text' ? 'string' : 'boolean');
}
