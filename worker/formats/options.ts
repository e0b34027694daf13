import { TerminalError } from '../../lib/errors.ts';

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
  | SpecOf<'text', string>
  | (SpecOf<'choice', string> & { readonly values: readonly string[] })
  | SpecOf<'boolean', boolean>
  | SpecOf<'list', readonly string[]>;

export type OptionsSchema = Readonly<Record<string, OptionSpec>>;

/** The values of a schema, each given or by default. */
export type OptionValues<Schema extends OptionsSchema> = {
  readonly [Name in keyof Schema]: Schema[Name]['default'];
};

interface OptionValueOf {
  readonly text: string;
  readonly choice: string;
  readonly boolean: boolean;
  readonly list: readonly string[];
}

const typeNames = {
  text: 'a text',
  choice: 'a text',
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
  given: Readonly<Record<string, OptionValue | undefined>>,
): OptionValues<Schema> {
  const problems = Object.keys(given)
    .filter((name) => !Object.hasOwn(schema, name))
    .map((name) => `${name} is not one of its options (${Object.keys(schema).join(', ')})`);
  const values: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(schema)) {
    const value = given[name] ?? spec.default;
    const problem = problemOf(spec, value);
    if (problem !== undefined) problems.push(`${name} ${problem}`);
    values[name] = value;
  }
  if (problems.length > 0) {
    const message = `The options of ${subject} are wrong: ${problems.join('; ')}.`;
    throw new TerminalError({ reason: 'InvalidFormat', message });
  }
  return values as OptionValues<Schema>;
}

function problemOf(spec: OptionSpec, value: OptionValue): string | undefined {
  if (!hasType(spec.type, value)) return `must be ${typeNames[spec.type]}, not ${JSON.stringify(value)}`;
  if (spec.type === 'choice' && !spec.values.includes(value as string)) {
    return `must be one of ${spec.values.join(', ')}, not ${JSON.stringify(value)}`;
  }
  const check = spec.check as ((value: OptionValue) => string | undefined) | undefined;
  return check?.(value);
}

function hasType(type: OptionSpec['type'], value: OptionValue): value is OptionValueOf[typeof type] {
  if (type === 'list') return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
  return typeof value === (type === 'boolean' ? 'boolean' : 'string');
}
