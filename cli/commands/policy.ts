import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import { callerPolicy, readPolicy, trustPolicy, type Policy } from '../../lib/aws/policies.ts';
import type { KubernetesObject } from '../../operator/runtime/objects.ts';
import {
  exitCodes,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type CommandDeps,
} from '../command.ts';
import { connect, placeOptions } from '../connect.ts';
import { objectsMeant } from '../local/local-objects.ts';
import { localResources } from '../local/local-resources.ts';
import { connectionOf, withManifestObjects, type ManifestObjects } from '../local/manifest-objects.ts';

/** A policy, and what it is for. */
interface Printed {
  /** `KIND/NAME policies.read` */
  readonly title: string;
  readonly name: string;
  readonly text: string;
}

/** The policies of IAM that objects need, ready to paste. */
export const policy = {
  usage: ['KIND NAME [OPTIONS]', '-f FILE|DIR… [OPTIONS]'],
  description: [
    'Of an S3Connection: trust, for the role that it assumes; caller, for whoever assumes it; webIdentity, for the role of its ServiceAccount. Of an S3ImportSource: read, for the principal of its connection. They are those of the object’s status.policies.',
    'With -f nothing is asked of a cluster: read and caller follow from the manifests; trust needs --principal, and --external-id where the manifest has none.',
    'With --only the one policy is printed alone, to be piped. Exit code 1 means that there is no such policy yet.',
  ],
  options: {
    ...placeOptions,
    filename: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: 'FILE|DIR',
      description: 'Manifests, in place of an object. May be given several times.',
    },
    only: {
      type: 'string',
      value: 'read|trust|caller|webIdentity',
      description: 'Print this policy alone.',
    },
    principal: { type: 'string', value: 'ARN', description: 'With -f: who is to be trusted.' },
    'external-id': { type: 'string', value: 'ID', description: 'With -f: the external id to ask for.' },
  },
  async run(args, io, deps) {
    const only = textOption(args, 'only');
    const all =
      args.values['filename'] === undefined ? await ofObject(args, deps) : await ofManifests(args, deps);
    const wanted = all.filter(({ name }) => only === undefined || name === only);
    if (wanted.length === 0) {
      const what = only === undefined ? 'no policy' : `no policy ${only}`;
      await io.stderr.write(
        `millrace policy: there is ${what}; the Ready condition of the object says why\n`,
      );
      return exitCodes.failed;
    }
    for (const { title, text } of wanted) {
      if (only === undefined) await io.stderr.write(`# ${title}\n`);
      await io.stdout.write(`${text}\n`);
    }
    return exitCodes.ok;
  },
} satisfies Command;

interface WithPolicies extends KubernetesObject {
  readonly status?: { readonly policies?: Readonly<Record<string, string>> };
}

/** Of the objects in a cluster or a local mode, by their status. */
async function ofObject(args: Arguments, deps: CommandDeps): Promise<readonly Printed[]> {
  const [meant] = objectsMeant(args.positionals, localResources());
  const [definition] = meant?.definitions ?? [];
  const [name] = meant?.names ?? [];
  if (definition === undefined || name === undefined) throw new UsageError('NAME is missing');
  await using place = await connect(args, deps);
  const { namespace } = place;
  const object = await place.client.find<WithPolicies>(
    definition,
    { namespace, name },
    { signal: deps.signal },
  );
  if (object === undefined) throw new UsageError(`there is no ${definition.kind} ${name} in ${namespace}`);
  const policies = object.status?.policies ?? {};
  return Object.entries(policies).map(([key, text]) => ({
    title: `${definition.kind} ${name}: ${key}`,
    name: key,
    text,
  }));
}

async function ofManifests(args: Arguments, deps: CommandDeps): Promise<readonly Printed[]> {
  const asked = {
    principal: textOption(args, 'principal'),
    externalId: textOption(args, 'external-id'),
  };
  return await withManifestObjects(args.values['filename'], deps, async (objects) => [
    ...objects.connections.flatMap((connection) => ofConnection(connection, asked)),
    ...(await ofSources(objects, deps.signal)),
  ]);
}

interface Asked {
  readonly principal: string | undefined;
  readonly externalId: string | undefined;
}

function ofConnection({ metadata, spec: { role } }: S3Connection, asked: Asked): readonly Printed[] {
  if (role === undefined) return [];
  const title = `S3Connection ${metadata.name}`;
  const externalId = role.externalID ?? asked.externalId;
  const trust =
    asked.principal === undefined || externalId === undefined
      ? []
      : [printed(title, 'trust', trustPolicy(asked.principal, externalId))];
  return [...trust, printed(title, 'caller', callerPolicy(role.arn))];
}

async function ofSources(
  { sources, client }: ManifestObjects,
  signal: AbortSignal,
): Promise<readonly Printed[]> {
  return await Promise.all(
    sources.map(async (source) => {
      const { region } = (await connectionOf(source, client, signal)).spec;
      const { bucket, prefix } = source.spec;
      const title = `S3ImportSource ${source.metadata.name}`;
      return printed(title, 'read', readPolicy({ bucket, prefix, region }));
    }),
  );
}

function printed(title: string, name: string, document: Policy): Printed {
  return { title: `${title}: ${name}`, name, text: JSON.stringify(document, undefined, 2) };
}
