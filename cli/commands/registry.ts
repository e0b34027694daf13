import type { CommandEntry } from '../command.ts';

/**
 * Every command of `millrace`, in the order of its help. A command is loaded when it is asked for: most of them bring
 * half of the product with them.
 */
export const commands = Object.freeze({
  init: {
    summary: 'Write a first manifest of a source, its converter made from a sample file.',
    load: async () => (await import('./init.ts')).init,
  },
  run: {
    summary: 'Run sources on this machine, without a cluster.',
    load: async () => (await import('./run.ts')).run,
  },
  apply: {
    kubectl: 'kubectl apply does it',
    summary: 'Apply manifests to a running local mode.',
    load: async () => (await import('./apply.ts')).apply,
  },
  get: {
    summary: 'List objects of a local mode or of a cluster.',
    load: async () => (await import('./get.ts')).get,
  },
  describe: {
    summary: 'Show an object with its conditions, spec, status and events.',
    load: async () => (await import('./describe.ts')).describe,
  },
  delete: {
    kubectl: 'kubectl delete does it',
    summary: 'Delete objects of a running local mode.',
    load: async () => (await import('./delete.ts')).deleteCommand,
  },
  files: {
    summary: 'List the files of a source, with what became of each.',
    load: async () => (await import('./files.ts')).files,
  },
  rejects: {
    summary: 'List the rows that a source has rejected, with the reason and the text of each.',
    load: async () => (await import('./rejects.ts')).rejects,
  },
  runs: {
    summary: 'List the runs of a source, with what each has done.',
    load: async () => (await import('./runs.ts')).runs,
  },
  read: {
    summary: 'Show the records of a file, as the import would read them.',
    load: async () => (await import('./read.ts')).read,
  },
  convert: {
    summary: 'Show what a converter makes of records.',
    load: async () => (await import('./convert.ts')).convert,
  },
  preview: {
    summary: 'Show the first records of a source beside the events that they would become.',
    load: async () => (await import('./preview.ts')).preview,
  },
  check: {
    summary: 'Try the permissions that sources need, before they are applied.',
    load: async () => (await import('./check.ts')).check,
  },
  policy: {
    summary: 'Print the policies of IAM that an object needs, ready to paste.',
    load: async () => (await import('./policy.ts')).policy,
  },
  demo: {
    summary: 'Import some hundred thousand made-up events with an embedded S3 and PostgreSQL.',
    load: async () => (await import('./demo.ts')).demo,
  },
}) satisfies Readonly<Record<string, CommandEntry>>;
