import type { CommandEntry } from '../../cli/command.ts';
import { commands } from '../../cli/commands/registry.ts';
import { formatCommands, formatHelp } from '../../cli/help.ts';

/** Every command with its help, as `--help` prints it. */
export async function renderCommandsPage(): Promise<string> {
  const sections = await Promise.all(
    Object.entries<CommandEntry>(commands).map(async ([name, entry]) => [
      `## ${name}`,
      fenced(formatHelp(`millrace ${name}`, entry, await entry.load())),
    ]),
  );
  return [
    '<!-- Generated from cli/commands by `make generate`. Do not edit. -->',
    '# Commands',
    'As `npx millrace`, and, where `kubectl-millrace` is on the PATH, as `kubectl millrace`, which speaks to the cluster ' +
      'of the kubeconfig. Results go to standard output, all else to standard error.',
    fenced(formatCommands('millrace', commands)),
    ...sections.flat(),
  ].join('\n\n');
}

function fenced(text: string): string {
  return ['```text', text.trimEnd(), '```'].join('\n');
}
