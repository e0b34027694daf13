import type { EventStore } from '../crds/generated/event-store.ts';
import type { S3Connection } from '../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../crds/generated/s3-import-source.ts';
import { storeSecretCAKey } from '../crds/names.ts';
import { messageOf, reasonOf, TerminalError } from '../lib/errors.ts';
import { openLedgerReader, type LedgerReader } from '../lib/store/ledger-reader.ts';
import { sourceIdentityOf } from '../operator/controllers/s3-import-source/source-identity.ts';
import { readSecret } from '../operator/references.ts';
import { resourceTypes } from '../operator/resource-types.ts';
import type { KubernetesObject, ResourceType } from '../operator/runtime/objects.ts';
import { textOption, UsageError, type Arguments, type CommandDeps, type CommandOption } from './command.ts';
import type { Place } from './connect.ts';

export const storeOptions = {
  'store-address': {
    type: 'string',
    value: 'HOST:PORT',
    description:
      "Where the database is reached from here, instead of its Secret's host: for kubectl port-forward. The certificate is checked for the Secret's host all the same.",
  },
} as const satisfies Readonly<Record<string, CommandOption>>;

/** The ledger of one source. */
export interface SourceLedger extends AsyncDisposable {
  readonly reader: LedgerReader;
  readonly sourceId: number;
}

/**
 * Opens the database of a source's EventStore, with the Secret that this names and the person's own right to read it.
 * Undefined: the operator has not taken the source up yet, so that there is no ledger.
 */
export async function openLedger(
  name: string,
  place: Place,
  args: Arguments,
  deps: CommandDeps,
): Promise<SourceLedger | undefined> {
  const find = finder(place, deps.signal);
  const source = await find<S3ImportSource>(resourceTypes.s3ImportSources, name);
  const connection = await find<S3Connection>(resourceTypes.s3Connections, source.spec.connectionRef.name);
  const store = await find<EventStore>(resourceTypes.eventStores, source.spec.storeRef.name);
  const access = await readAccess(store, place, deps.signal);
  const reader = await openLedgerReader(
    {
      ...access,
      url: reachedAt(access.url, textOption(args, 'store-address')),
      schema: store.spec.postgres.schema,
      maxConnections: 2,
      applicationName: 'millrace-cli',
    },
    { clock: deps.clock, random: Math.random },
  );
  const sourceId = await reader
    .findSource(sourceIdentityOf(source, connection))
    .catch((error: unknown) => closing(reader, error));
  if (sourceId !== undefined) return { reader, sourceId, [Symbol.asyncDispose]: () => reader.close() };
  await reader.close();
  return undefined;
}

async function closing(reader: LedgerReader, error: unknown): Promise<never> {
  await reader.close();
  throw error;
}

function finder({ client, namespace }: Place, signal: AbortSignal) {
  return async <T>(type: ResourceType, name: string): Promise<T> => {
    const object = await client.get<KubernetesObject>(type, { namespace, name }, { signal });
    return object as unknown as T;
  };
}

interface StoreAccess {
  readonly url: string;
  readonly caPem?: string;
}

/** Of the worker's role: the owner's is for migrations. */
async function readAccess(
  { metadata: { namespace }, spec }: EventStore,
  { client, kind }: Place,
  signal: AbortSignal,
): Promise<StoreAccess> {
  const { name, key } = spec.postgres.secretRef;
  try {
    const request = { namespace, name, keys: [key], optionalKeys: [storeSecretCAKey] };
    const { values } = await readSecret(client, request, signal);
    const caPem = values[storeSecretCAKey];
    return { url: values[key] ?? '', ...(caPem === undefined ? {} : { caPem }) };
  } catch (error) {
    if (kind !== 'cluster' || reasonOf(error) !== 'SecretAccessForbidden') throw error;
    throw new TerminalError({
      reason: 'SecretAccessForbidden',
      message: `the ledger is in PostgreSQL, and you may not read the Secret ${namespace}/${name} that says how to reach it: you need the verb "get" on it. (${messageOf(error)})`,
      cause: error,
    });
  }
}

function reachedAt(url: string, address: string | undefined): string {
  if (address === undefined) return url;
  const [, host, port] = /^(\[[0-9a-f:]+\]|[^:]+):(\d+)$/iu.exec(address) ?? [];
  if (host === undefined || port === undefined) {
    throw new UsageError(`--store-address must be HOST:PORT, not ${JSON.stringify(address)}`);
  }
  const changed = URL.parse(url);
  if (changed === null) return url;
  changed.searchParams.set('hostaddr', host.replace(/^\[(.*)\]$/u, '$1'));
  changed.port = port;
  return changed.href;
}
