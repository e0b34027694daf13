import { readFileSync } from 'node:fs';
import { systemClock } from '../lib/clock.ts';
import { messageOf, TerminalError, TransientError } from '../lib/errors.ts';
import { exitCodes, UsageError, type Command, type CommandIo } from './command.ts';
import { commands } from './commands/registry.ts';
import { loadCliConfig, type CliConfig } from './config.ts';
import { formatCommands, formatHelp } from './help.ts';
import { createOutput } from './output/output.ts';
import { meant, parseArguments } from './parse-arguments.ts';

/** `millrace COMMAND …`: resolves with the exit code, after everything is written. */
async function main(argv: readonly string[], io: CommandIo, deps: MainDeps): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version') {
    await io.stdout.write(`${versionOfPackage()}\n`);
    return exitCodes.ok;
  }
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    await (name === undefined ? io.stderr : io.stdout).write(
      formatCommands(Object.values<Command>(commands)),
    );
    return name === undefined ? exitCodes.usage : exitCodes.ok;
  }
  if (name === 'help') return main([...rest.slice(0, 1), '--help'], io, deps);
  return runCommand(name, rest, io, deps);
}

interface MainDeps {
  readonly config: CliConfig;
  readonly signal: AbortSignal;
}

async function runCommand(
  name: string,
  argv: readonly string[],
  io: CommandIo,
  deps: MainDeps,
): Promise<number> {
  const command = Object.values<Command>(commands).find((one) => one.name === name);
  if (command === undefined) {
    const near = meant(name, Object.keys(commands));
    const message = `there is no command ${JSON.stringify(name)} among ${Object.keys(commands).join(', ')}${near}`;
    await io.stderr.write(`millrace: ${message}\nSee: millrace --help\n`);
    return exitCodes.usage;
  }
  try {
    const args = parseArguments(argv, command.options);
    if (args.values['help'] === true) {
      await io.stdout.write(formatHelp(command));
      return exitCodes.ok;
    }
    return await command.run(args, io, { ...deps, clock: systemClock });
  } catch (error) {
    return await explainFailure(error, command, io, deps.signal);
  }
}

async function explainFailure(
  error: unknown,
  command: Command,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  // Stopped by who started it, or nobody reads any more: nothing to tell.
  if (signal.aborted) return signal.reason === outputClosed ? exitCodes.ok : exitCodes.failed;
  const usage = error instanceof UsageError;
  const reason = error instanceof TerminalError || error instanceof TransientError ? `${error.reason}: ` : '';
  const see = usage ? `See: millrace ${command.name} --help\n` : '';
  await io.stderr.write(`millrace ${command.name}: ${reason}${messageOf(error)}\n${see}`);
  return usage ? exitCodes.usage : exitCodes.failed;
}

function versionOfPackage(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

const outputClosed = 'nobody reads the output';

/** The process: its streams, its signals, its exit code. */
export async function runMain(): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // A second one ends the process at once.
    process.once(name, () => {
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  const io = {
    stdin: process.stdin,
    stdout: createOutput(process.stdout, () => {
      stop.abort(outputClosed);
    }),
    stderr: createOutput(process.stderr, () => {}),
  };
  const deps = { config: loadCliConfig(process.env), signal: stop.signal };
  process.exitCode = await main(process.argv.slice(2), io, deps);
}

if (import.meta.main) await runMain();
