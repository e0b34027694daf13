import {
  kubectlPlugin,
  type Command,
  type CommandEntry,
  type CommandOption,
  type Program,
} from './command.ts';
import { commonOptions } from './parse-arguments.ts';

const width = 100;
const indent = '  ';

/** What `millrace --help` prints. */
export function formatCommands(program: Program, commands: Readonly<Record<string, CommandEntry>>): string {
  const rows = Object.entries(commands)
    .filter(([, { kubectl }]) => program !== kubectlPlugin || kubectl === undefined)
    .map(([name, { summary }]): [string, string] => [name, summary]);
  return [
    'Moves events from S3 to an event store, as custom resources say.',
    '',
    `Usage: ${program} COMMAND [OPTIONS]`,
    '',
    'Commands:',
    ...formatPairs(rows),
    '',
    `\`${program} COMMAND --help\` tells more of a command, \`${program} --version\` the version.`,
    'Exit codes: 0 done, 1 it failed, 2 wrong use.',
    '',
  ].join('\n');
}

/** What `millrace COMMAND --help` prints; `called` is the command as it was typed. */
export function formatHelp(called: string, { summary }: CommandEntry, command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions });
  return [
    summary,
    '',
    ...command.usage.map((line, index) => `${index === 0 ? 'Usage:' : '   or:'} ${called} ${line}`.trimEnd()),
    '',
    ...command.description.flatMap((paragraph) => [...wrap(paragraph, width), '']),
    'Options:',
    ...formatPairs(options.map(([long, option]) => [formatOption(long, option), option.description])),
    '',
  ].join('\n');
}

function formatOption(name: string, option: CommandOption): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  return `${short}--${name}${option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : ''}`;
}

function formatPairs(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const left = Math.max(...pairs.map(([term]) => term.length)) + indent.length + 2;
  return pairs.flatMap(([term, text]) => {
    const [first = '', ...rest] = wrap(text, width - left);
    return [(indent + term).padEnd(left) + first, ...rest.map((line) => ' '.repeat(left) + line)];
  });
}

function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
