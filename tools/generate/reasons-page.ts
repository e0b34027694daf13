import { reasonNames, reasons, type Reason, type ReasonClass, type ReasonEntry } from '../../crds/reasons.ts';
import { code, table } from './markdown.ts';

const classes: Readonly<Record<ReasonClass, { readonly name: string; readonly text: string }>> = {
  N: { name: 'normal', text: 'Nothing is wrong.' },
  W: {
    name: 'waiting',
    text: 'It clears by itself as soon as what is waited for comes; that is not counted as an error.',
  },
  T: {
    name: 'transient',
    text: 'It is tried again by itself, at intervals that grow from a second to five minutes.',
  },
  P: {
    name: 'permanent',
    text:
      'The object is `Stalled`. It is looked at again when its spec, an object that it names or the annotation ' +
      '`millrace.dev/requestedAt` changes, and every quarter of an hour.',
  },
  E: {
    name: 'eventual',
    text:
      'For ten minutes it is tried again by itself, since changes of permissions take time to arrive; then the ' +
      'object is `Stalled`, and looked at again when something changes, and every quarter of an hour.',
  },
};

/** A file has no conditions: what its class means is told apart. */
const fileClasses: Readonly<Partial<Record<ReasonClass, string>>> = {
  P: 'The file is given up. The other files of the source are not held up.',
  T: 'The file is tried again, at most `spec.errors.maxAttempts` times in all, then given up.',
  E: 'The file is tried again, at most `spec.errors.maxAttempts` times in all, then given up.',
};

export function renderReasonsPage(): string {
  return [
    '<!-- Generated from crds/reasons.ts by `make generate`. Do not edit. -->',
    '# Reasons',
    'Every reason that a condition, an event or a failed file may have. Each has a page in the runbook.',
    table(
      ['Class', 'Name', 'How it clears'],
      Object.entries(classes).map(([letter, { name, text }]) => [letter, name, text]),
    ),
    table(
      ['Reason', 'On', 'Kinds', 'Class', 'Meaning', 'What to do'],
      reasonNames.toSorted().map((name) => reasonRow(name, reasons[name])),
    ),
  ].join('\n\n');
}

function reasonRow(name: Reason, entry: ReasonEntry): readonly string[] {
  return [
    `[${name}](../runbook/${name}.md)`,
    entry.on.join(', '),
    entry.kinds.join(', '),
    entry.class,
    entry.summary,
    entry.cure ?? '',
  ];
}

/** The part of a runbook page that the table knows: what it means, where it stands, what to do, how it clears. */
export function renderRunbookRegion(name: Reason): string {
  const entry: ReasonEntry = reasons[name];
  return [
    `# ${name}`,
    entry.summary,
    entry.cure === undefined ? '' : `**What to do.** ${entry.cure}`,
    `**How it clears.** ${clearing(entry)}`,
    `**Where it stands.** ${places(entry)}${entry.kinds.length === 0 ? '' : `, of ${entry.kinds.map(code).join(', ')}`}.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function clearing(entry: ReasonEntry): string {
  const ofFile = entry.on.includes('File') ? fileClasses[entry.class] : undefined;
  if (entry.on.includes('Command')) return 'The command ends with 1; give it again.';
  const ofObject = entry.on.every((place) => place === 'File') ? undefined : classes[entry.class].text;
  return [ofObject, ofFile].filter((text) => text !== undefined).join(' ');
}

function places(entry: ReasonEntry): string {
  const conditions = entry.on.filter((place) => !['File', 'Event', 'Log', 'Command'].includes(place));
  const parts = [
    conditions.length === 0 ? '' : `On the condition ${conditions.map(code).join(', ')}`,
    entry.on.includes('File') ? 'on a file, in `status.lastFailures` and the store’s table of files' : '',
    entry.on.includes('Event') ? 'on an event' : '',
    entry.on.includes('Log') ? 'in logs and metrics alone' : '',
    entry.on.includes('Command') ? 'in the output of a command alone' : '',
  ].filter((part) => part !== '');
  const text = parts.join('; ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
