import type { S3Connection } from '../../crds/generated/s3-connection.ts';
import type { S3ImportSource } from '../../crds/generated/s3-import-source.ts';
import { openS3 } from '../../lib/aws/s3.ts';
import { openIdentity } from '../../lib/aws/open-identity.ts';
import { callerIdentity } from '../../lib/aws/sts.ts';
import { messageOf, reasonOf } from '../../lib/errors.ts';
import { compileKeyPattern } from '../../lib/pattern.ts';
import {
  gatherS3Access,
  optionsOf,
  planOf,
  type S3Access,
} from '../../operator/controllers/s3-connection/gather.ts';
import { probeImport } from '../../lib/discovery/probe-import.ts';
import { exitCodes, textOption, UsageError, type Command, type CommandDeps } from '../command.ts';
import { personsAccess } from '../local/access-deps.ts';
import { connectionOf, withManifestObjects, type ManifestObjects } from '../local/manifest-objects.ts';
import { formatTable } from '../output/format-table.ts';

/** One action that was tried. */
interface Row {
  readonly source: string;
  readonly action: string;
  readonly resource: string;
  readonly result: 'Allowed' | 'Denied' | 'Failed' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** "Test Credentials" of sources before they are applied, by the operator's own probes. */
export const check = {
  usage: ['-f FILE|DIR… [OPTIONS]'],
  description: [
    'Tries each action that the sources of the manifests need, and prints a table: who asks, the listing of the prefix, and one byte of an object below it. Nothing is stored, and no cluster is needed; the keys are those of the Secrets in the manifests, or with ambient credentials those of this machine.',
    'Below the table each action that was refused is told with the statement that allows it.',
    'Unknown means that there was nothing to try the action on. Exit code 1 means that an action was denied, or failed.',
  ],
  options: {
    filename: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: 'FILE|DIR',
      description: 'Manifests of sources, connections and Secrets. May be given several times.',
    },
    'external-id': {
      type: 'string',
      value: 'ID',
      description: 'The external id of the connection’s role, where the operator made it.',
    },
  },
  async run(args, io, deps) {
    const externalId = textOption(args, 'external-id');
    const rows = await withManifestObjects(args.values['filename'], deps, (objects) =>
      checkAll(objects, externalId, deps),
    );
    const headings = ['SOURCE', 'ACTION', 'RESOURCE', 'RESULT', 'REASON'];
    const cells = rows.map(({ source, action, resource, result, reason }) => [
      source,
      action,
      resource,
      result,
      reason,
    ]);
    await io.stdout.write(formatTable(headings, cells, 72));
    const refused = rows.filter(({ result }) => result === 'Denied' || result === 'Failed');
    for (const { source, reason, message } of refused) {
      await io.stderr.write(`${source}: ${reason}: ${message}\n`);
    }
    return refused.length === 0 ? exitCodes.ok : exitCodes.failed;
  },
} satisfies Command;

async function checkAll(
  { sources, client }: ManifestObjects,
  externalId: string | undefined,
  deps: CommandDeps,
): Promise<readonly Row[]> {
  if (sources.length === 0) throw new UsageError('the manifests hold no S3ImportSource');
  const rows: Row[] = [];
  for (const source of sources) {
    const connection = await connectionOf(source, client, deps.signal);
    const access = gatherS3Access(connection, personsAccess(client, externalId), deps.signal);
    rows.push(...(await checkSource(source, connection, access, deps)));
  }
  return rows;
}

async function checkSource(
  source: S3ImportSource,
  connection: S3Connection,
  gathered: Promise<S3Access>,
  deps: CommandDeps,
): Promise<readonly Row[]> {
  const { name } = source.metadata;
  try {
    const access = await gathered;
    const identity = await checkIdentity(name, connection, access, deps);
    if (identity.some(({ result }) => result === 'Failed')) return identity;
    return [...identity, ...(await checkBucket(source, connection, access, deps))];
  } catch (error) {
    deps.signal.throwIfAborted();
    if (error instanceof UsageError) throw error;
    return [failure(name, { action: 'credentials', resource: connection.metadata.name }, error)];
  }
}

/** Who asks. Not asked where the store has no STS; the listing then proves the keys. */
async function checkIdentity(
  source: string,
  { spec }: S3Connection,
  access: S3Access,
  { clock, signal }: CommandDeps,
): Promise<readonly Row[]> {
  if (spec.endpoint !== undefined && spec.stsEndpoint === undefined) return [];
  const plan = planOf(access);
  const action = plan.role === undefined ? 'sts:GetCallerIdentity' : 'sts:AssumeRole';
  const { credentials } = openIdentity(plan, { clock });
  try {
    const { principal } = await callerIdentity({ ...plan.sts, credentials }, signal);
    return [{ source, action, resource: principal, result: 'Allowed', reason: '', message: '' }];
  } catch (error) {
    signal.throwIfAborted();
    return [failure(source, { action, resource: plan.role?.arn ?? '*' }, error)];
  }
}

async function checkBucket(
  { metadata, spec }: S3ImportSource,
  connection: S3Connection,
  access: S3Access,
  { clock, signal }: CommandDeps,
): Promise<readonly Row[]> {
  const { bucket, prefix, files } = spec;
  const regex = files.pattern?.regex;
  const pattern = regex === undefined ? undefined : compileKeyPattern({ regex }, prefix);
  const matches = pattern?.kind === 'compiled' ? pattern.matches : () => true;
  const objects = openS3(optionsOf(access, { clock }));
  try {
    const { region } = connection.spec;
    const probes = await probeImport(objects, { bucket, prefix, region, matches }, signal);
    return probes.map(({ error, result, ...asked }) =>
      error === undefined
        ? { source: metadata.name, ...asked, result, reason: '', message: '' }
        : { ...failure(metadata.name, asked, error), result: result === 'Denied' ? result : 'Failed' },
    );
  } finally {
    objects.close();
  }
}

function failure(
  source: string,
  asked: { readonly action: string; readonly resource: string },
  error: unknown,
): Row {
  return { source, ...asked, result: 'Failed', reason: reasonOf(error), message: messageOf(error) };
}
