import { onAll, onS3, onSource, type ReasonEntry } from './entry.ts';

/** Objects that a spec names. */
export const referenceReasons = {
  ResolvedRefs: {
    on: ['ResolvedRefs'],
    kinds: onAll,
    class: 'N',
    summary: 'Everything that the spec names is there.',
  },
  DependencyNotReady: {
    on: ['ResolvedRefs'],
    kinds: onSource,
    class: 'W',
    summary: 'The S3Connection or EventStore that the source names is not Ready.',
    cure: 'See to the object that the message names; the source goes on by itself.',
  },
  ConnectionNotFound: {
    on: ['ResolvedRefs'],
    kinds: onSource,
    class: 'W',
    summary: 'There is no S3Connection of that name in the namespace.',
    cure: 'Create it; the source goes on by itself. A connection of another namespace cannot be used.',
  },
  StoreNotFound: {
    on: ['ResolvedRefs'],
    kinds: onSource,
    class: 'W',
    summary: 'There is no EventStore of that name in the namespace.',
    cure: 'Create it; the source goes on by itself. A store of another namespace cannot be used.',
  },
  ProjectNotFound: {
    on: ['ResolvedRefs'],
    kinds: onSource,
    class: 'W',
    summary: 'The EventStore has no project of the id that the source names.',
    cure: 'Add the project to spec.projects of the EventStore; the source goes on by itself.',
  },
  SecretNotFound: {
    on: ['ResolvedRefs'],
    kinds: ['S3Connection', 'EventStore'],
    class: 'W',
    summary: 'There is no Secret of that name in the namespace.',
    cure: 'Create it; the object goes on by itself.',
  },
  SecretKeyMissing: {
    on: ['ResolvedRefs'],
    kinds: ['S3Connection', 'EventStore'],
    class: 'P',
    summary: 'The Secret lacks a key that is needed.',
    cure: 'Add the keys that the message names. Their names are case-sensitive.',
  },
  SecretInvalidData: {
    on: ['ResolvedRefs'],
    kinds: ['S3Connection', 'EventStore'],
    class: 'P',
    summary:
      'A value of the Secret is empty, not UTF-8, has white space around it, or is no connection string.',
    cure: 'Write the value again without a line break at its end: `printf %s`, not `echo`.',
  },
  SecretAccessForbidden: {
    on: ['ResolvedRefs'],
    kinds: onAll,
    class: 'P',
    summary: 'The operator may not read the Secret or ConfigMap.',
    cure: 'Bind the Role that the message names to the operator’s ServiceAccount in this namespace.',
  },
  ConfigMapNotFound: {
    on: ['ResolvedRefs'],
    kinds: onS3,
    class: 'W',
    summary: 'There is no ConfigMap of that name in the namespace.',
    cure: 'Create it; the object goes on by itself.',
  },
  ConfigMapKeyMissing: {
    on: ['ResolvedRefs'],
    kinds: onS3,
    class: 'P',
    summary: 'The ConfigMap lacks the key that is named.',
    cure: 'Add the key, or name another in the reference.',
  },
  CABundleInvalid: {
    on: ['ResolvedRefs'],
    kinds: ['S3Connection', 'EventStore'],
    class: 'P',
    summary: 'The CA bundle holds no certificate in PEM form.',
    cure: 'Put the whole PEM text there, from BEGIN CERTIFICATE to END CERTIFICATE, for each authority.',
  },
} as const satisfies Record<string, ReasonEntry>;
