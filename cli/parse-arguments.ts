import { parseArgs } from 'node:util';
import { nearNames } from '../lib/converter/near-names.ts';
import { UsageError, type Arguments, type CommandOption } from './command.ts';

/** Options that every command has. */
export const commonOptions = {
  help: { type: 'boolean', short: 'h', description: 'Print this help.' },
} as const satisfies Readonly<Record<string, CommandOption>>;

/** What follows the command's name. Options may stand anywhere, `--no-NAME` unsets one, and `--` ends them. */
export function parseArguments(
  argv: readonly string[],
  options: Readonly<Record<string, CommandOption>>,
): Arguments {
  const all = { ...options, ...commonOptions };
  try {
    const config = Object.entries(all).map(([name, { type, short, multiple }]: [string, CommandOption]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
    ]);
    const parsed = parseArgs({
      args: [...argv],
      options: Object.fromEntries(config) as Record<string, { type: 'string' | 'boolean' }>,
      allowPositionals: true,
      allowNegative: true,
    });
    return { positionals: parsed.positionals, values: parsed.values };
  } catch (error) {
    throw explain(error, Object.keys(all));
  }
}

function explain(error: unknown, names: readonly string[]): unknown {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  if (typeof code !== 'string' || !code.startsWith('ERR_PARSE_ARGS') || message === undefined) return error;
  const unknown = /^Unknown option '--?([^']+)'/.exec(message)?.[1];
  if (unknown === undefined) return new UsageError(message.split('\n')[0]);
  return new UsageError(
    `there is no option --${unknown}${meant(
      unknown,
      names.map((name) => `--${name}`),
    )}`,
  );
}

/** `; did you mean …?` where a name is near, else nothing. */
export function meant(unknown: string, known: readonly string[]): string {
  const near = nearNames(
    unknown,
    known.map((name) => name.replace(/^--/, '')),
  );
  if (near.length === 0) return '';
  const dashes = known[0]?.startsWith('--') === true ? '--' : '';
  return `; did you mean ${near.map((name) => dashes + name).join(' or ')}?`;
}
