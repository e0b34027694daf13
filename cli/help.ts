import type { Command, CommandOption } from './command.ts';
import { commonOptions } from './parse-arguments.ts';

const width = 100;
const indent = '  ';

/** What `millrace --help` prints. */
export function formatCommands(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }): [string, string] => [name, summary]);
  return [
    'Moves events from S3 to an event store, as custom resources say.',
    '',
    'Usage: millrace COMMAND [OPTIONS]',
    '',
    'Commands:',
    ...formatPairs(rows),
    '',
    '`millrace COMMAND --help` tells more of a command, `millrace --version` the version.',
    'Exit codes: 0 done, 1 it failed, 2 wrong use.',
    '',
  ].join('\n');
}

/** What `millrace COMMAND --help` prints. */
export function formatHelp(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions });
  return [
    command.summary,
    '',
    ...command.usage.map(
      (line, index) => `${index === 0 ? 'Usage:' : '   or:'} millrace ${command.name} ${line}`,
    ),
    '',
    ...command.description.flatMap((paragraph) => [...wrap(paragraph, width), '']),
    'Options:',
    ...formatPairs(options.map(([name, option]) => [formatOption(name, option), option.description])),
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
