import type { ReasonEntry } from './entry.ts';

/** What keeps `millrace run` and the commands that speak to it from their work. */
export const localModeReasons = {
  LocalModeNotRunning: {
    on: ['Command'],
    kinds: [],
    class: 'P',
    summary: 'No local mode answers at the socket of the state folder.',
    cure: 'Start one with millrace run -f FILE, or name its state folder with --state.',
  },
  StateDirInUse: {
    on: ['Command'],
    kinds: [],
    class: 'P',
    summary: 'Another local mode uses the state folder.',
    cure: 'Stop it, or give this one a folder of its own with --state.',
  },
  StateUnreadable: {
    on: ['Command'],
    kinds: [],
    class: 'P',
    summary: 'The file of objects in the state folder is not what a local mode writes.',
    cure: 'Move the file away and apply the manifests again: what was imported is in the store.',
  },
  DeletionPending: {
    on: ['Command'],
    kinds: [],
    class: 'T',
    summary: 'An object is marked for deletion, and did not go in the time that was given.',
    cure: 'Look at its finalizers with millrace get -o yaml, and give the command more time with --timeout.',
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>;
