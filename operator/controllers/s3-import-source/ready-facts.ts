import type { S3ImportSource } from '../../../crds/generated/s3-import-source.ts';
import type { CompiledConverter } from '../../../lib/converter/converter.ts';
import type { ConversionInput } from '../../../lib/store/types.ts';
import type { Finding } from '../../conditions/finding.ts';
import type { S3Access } from '../s3-connection/gather.ts';
import type { ImportFacts } from './facts.ts';

/** Facts of a source that passed its preflight: everything it needs is there. */
export interface ReadyFacts extends ImportFacts {
  readonly connection: NonNullable<ImportFacts['connection']>;
  readonly eventStore: NonNullable<ImportFacts['eventStore']>;
  readonly session: NonNullable<ImportFacts['session']>;
  readonly access: S3Access;
  readonly newestConversion: ConversionInput;
  /** Of the spec's pattern and of the converter document's own: a key must match both, where both are there. */
  readonly matches: (key: string) => boolean;
  /** The same as regular expressions, for a worker. */
  readonly patterns: readonly string[];
}

/** Undefined unless every preflight finding passed. */
export function readyFacts(facts: ImportFacts, preflight: readonly Finding[]): ReadyFacts | undefined {
  const { source, connection, eventStore, session, access, conversion } = facts;
  if (preflight.some(({ status }) => status !== 'True')) return undefined;
  if (connection === undefined || eventStore === undefined || session === undefined) return undefined;
  if (access === undefined || 'error' in access || conversion.kind !== 'read') return undefined;
  const patterns = [facts.pattern, conversion.pattern].flatMap((pattern) =>
    pattern?.kind === 'compiled' ? [pattern] : [],
  );
  return {
    ...facts,
    connection,
    eventStore,
    session,
    access,
    newestConversion: conversion.input,
    patterns: regexesOf(source, conversion.compiled),
    matches:
      patterns.length === 0
        ? (key) => !key.endsWith('/')
        : (key) => patterns.every((pattern) => pattern.matches(key)),
  };
}

function regexesOf({ spec }: S3ImportSource, compiled: CompiledConverter): readonly string[] {
  const settings = compiled.kind === 'compiled' ? compiled.settings : undefined;
  return [spec.files.pattern?.regex, settings?.filterPattern].flatMap((regex) => regex ?? []);
}
