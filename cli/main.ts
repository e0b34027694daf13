import { versionOfMillrace } from '../lib/build-info.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf, TerminalError, TransientError } from '../lib/errors.ts';
import {
  exitCodes,
  kubectlPlugin,
  UsageError,
  type CommandDeps,
  type CommandEntry,
  type CommandIo,
  type Program,
} from './command.ts';
import { commands } from './commands/registry.ts';
import { loadCliConfig } from './config.ts';
import { formatCommands, formatHelp } from './help.ts';
import { createOutput } from './output/output.ts';
import { meant, parseArguments } from './parse-arguments.ts';

/** `millrace COMMAND …`: resolves with the exit code, after everything is written. */
async function main(argv: readonly string[], io: CommandIo, deps: MainDeps): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version') {
    await io.stdout.write(`${versionOfMillrace()}\n`);
    return exitCodes.ok;
  }
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    const text = formatCommands(deps.program, commands);
    await (name === undefined ? io.stderr : io.stdout).write(text);
    return name === undefined ? exitCodes.usage : exitCodes.ok;
  }
  if (name === 'help') return main([...rest.slice(0, 1), '--help'], io, deps);
  return runCommand(name, rest, io, deps);
}

type MainDeps = Omit<CommandDeps, 'clock'>;

async function runCommand(
  name: string,
  argv: readonly string[],
  io: CommandIo,
  deps: MainDeps,
): Promise<number> {
  const entry = Object.entries<CommandEntry>(commands).find(([known]) => known === name)?.[1];
  if (entry === undefined) {
    const near = meant(name, Object.keys(commands));
    const message = `there is no command ${JSON.stringify(name)} among ${Object.keys(commands).join(', ')}${near}`;
    await io.stderr.write(`${deps.program}: ${message}\nSee: ${deps.program} --help\n`);
    return exitCodes.usage;
  }
  try {
    const command = await entry.load();
    const args = parseArguments(argv, command.options);
    if (args.values['help'] === true) {
      await io.stdout.write(formatHelp(`${deps.program} ${name}`, entry, command));
      return exitCodes.ok;
    }
    if (deps.program === kubectlPlugin && entry.kubectl !== undefined) {
      throw new UsageError(`this is for the local mode, as millrace ${name}; in a cluster ${entry.kubectl}`);
    }
    return await command.run(args, io, { ...deps, clock: systemClock });
  } catch (error) {
    return await explainFailure(error, `${deps.program} ${name}`, io, deps.signal);
  }
}

async function explainFailure(
  error: unknown,
  called: string,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  // Stopped by who started it, or nobody reads any more: nothing to tell.
  if (signal.aborted) return signal.reason === outputClosed ? exitCodes.ok : exitCodes.failed;
  const usage = error instanceof UsageError;
  const reason = error instanceof TerminalError || error instanceof TransientError ? `${error.reason}: ` : '';
  const see = usage ? `See: ${called} --help\n` : '';
  await io.stderr.write(`${called}: ${reason}${messageOf(error)}\n${see}`);
  return usage ? exitCodes.usage : exitCodes.failed;
}

const outputClosed = 'nobody reads the output';

/** The process: its streams, its signals, its exit code. */
export async function runMain(program: Program): Promise<void> {
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
  const deps = { program, config: loadCliConfig(process.env), signal: stop.signal };
  process.exitCode = await main(process.argv.slice(2), io, deps);
}
