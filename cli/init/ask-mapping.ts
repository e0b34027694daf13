import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import type { Output } from '../output/output.ts';
import { essentialFieldNames, type Column, type EssentialField } from './guess-mapping.ts';

type Essentials = Readonly<Partial<Record<EssentialField, string>>>;

const questions: Readonly<Record<EssentialField, string>> = {
  event_type: 'the name of the event',
  user_id: 'who did it, known by an account',
  device_id: 'the device or browser',
  time: 'when it happened',
  insert_id: 'an id of the event, to tell repeats by; without one it is made of file and row',
};

const shownLength = 40;

/**
 * Asks which column each essential field comes from, with the guess as the usual answer. Aborted by the signal, or by
 * the end of the input, it rejects.
 */
export async function askEssentials(
  columns: readonly Column[],
  guess: Essentials,
  { stdin, stderr }: { readonly stdin: Readable; readonly stderr: Output },
  signal: AbortSignal,
): Promise<Essentials> {
  const lines = createInterface({ input: stdin, terminal: false });
  const asker = {
    answers: lines[Symbol.asyncIterator](),
    names: new Set(columns.map(({ name }) => name)),
    stderr,
  };
  try {
    await stderr.write(`\nColumns of the sample:\n${columns.map(describeColumn).join('')}\n`);
    await stderr.write('Which column is it? Enter takes the one in brackets, - none.\n');
    const chosen: Partial<Record<EssentialField, string>> = {};
    for (const field of essentialFieldNames) {
      signal.throwIfAborted();
      chosen[field] = await askField(field, guess[field] ?? '', asker);
    }
    return chosen;
  } finally {
    lines.close();
  }
}

interface Asker {
  readonly answers: AsyncIterator<string>;
  /** Of columns. */
  readonly names: ReadonlySet<string>;
  readonly stderr: Output;
}

/** The name of a column, empty for none. Asks until it is one of those. */
async function askField(
  field: EssentialField,
  guess: string,
  { answers, names, stderr }: Asker,
): Promise<string> {
  for (;;) {
    await stderr.write(`  ${field} (${questions[field]}) [${guess === '' ? '-' : guess}]: `);
    const given = await answers.next();
    if (given.done === true) throw new Error('the input ended before all was answered');
    const answer = meaningOf(given.value, guess);
    if (answer === '' || names.has(answer)) return answer;
    await stderr.write(`  There is no column ${JSON.stringify(answer)}.\n`);
  }
}

function meaningOf(line: string, guess: string): string {
  const text = line.trim();
  if (text === '') return guess;
  return text === '-' ? '' : text;
}

function describeColumn({ name, values }: Column): string {
  const [first] = values;
  const shown = first === undefined ? '' : JSON.stringify(first);
  return `  ${name}  ${shown.length > shownLength ? `${shown.slice(0, shownLength)}…` : shown}\n`;
}
