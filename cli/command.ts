import type { Readable } from 'node:stream';
import type { Clock } from '../lib/clock.ts';
import type { CliConfig } from './config.ts';
import type { Output } from './output/output.ts';

/** What the registry holds of a command: enough to list it without loading it. */
export interface CommandEntry {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What does it in a cluster, where `kubectl` has a command for it. */
  readonly kubectl?: string;
  load(): Promise<Command>;
}

/** How the command was called: by itself, or as a plugin of kubectl, and then it speaks to the cluster. */
export type Program = 'millrace' | typeof kubectlPlugin;

export const kubectlPlugin = 'kubectl millrace';

/** A command of `millrace`: one file in `commands/`, one entry in its registry. */
export interface Command {
  /** What follows the command's name, one line for each way to use it. */
  readonly usage: readonly string[];
  /** What it does, what it prints and when it fails; paragraphs of its help. */
  readonly description: readonly string[];
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Resolves with the exit code: 0, or 1 if it failed; `UsageError` becomes 2, other errors 1, each with its message. */
  run(args: Arguments, io: CommandIo, deps: CommandDeps): Promise<number>;
}

export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: true;
  /** What the help calls its value. */
  readonly value?: string;
  readonly description: string;
}

/** What was typed, checked against the command's options. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

export interface CommandIo {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface CommandDeps {
  readonly program: Program;
  readonly config: CliConfig;
  readonly clock: Clock;
  /** Aborted when the person stops the command, or nobody reads its output any more. */
  readonly signal: AbortSignal;
}

/** Wrong use: the command was not begun. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** The value of an option that takes one. */
export function textOption(args: Arguments, name: string): string | undefined {
  const value = args.values[name];
  return typeof value === 'string' ? value : undefined;
}

/** The one thing that a command is used on. */
export function onlyPositional(args: Arguments, what: string): string {
  const [first, second] = args.positionals;
  if (first === undefined) throw new UsageError(`${what} is missing`);
  if (second !== undefined)
    throw new UsageError(`one ${what} at a time; there is also ${JSON.stringify(second)}`);
  return first;
}

/** A whole number, 1 or more; undefined when the option was not given. */
export function countOption(args: Arguments, name: string): number | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
  throw new UsageError(`--${name} must be a whole number, 1 or more, not ${JSON.stringify(text)}`);
}
