import { readFile } from 'node:fs/promises';
import type { BaseIdentity, IdentityPlan } from '../lib/aws/identity-plan.ts';
import type { S3Endpoint, TaskIdentity } from '../lib/contract/task.ts';
import { messageOf, TransientError } from '../lib/errors.ts';
import type { WorkerConfig } from './config.ts';

/** What of a worker's configuration says who it is. */
export interface IdentityConfig {
  readonly task: { readonly identity: TaskIdentity; readonly connection: S3Endpoint };
  readonly s3: WorkerConfig['s3'];
}

/** How this worker comes to its credentials. */
export function planIdentity(config: IdentityConfig): IdentityPlan {
  const { identity, connection } = config.task;
  return {
    base: planBase(config),
    role: identity.role,
    sts: { region: connection.region, endpoint: identity.stsEndpoint, caPem: config.s3.caPem },
    sessionName: identity.sessionName,
  };
}

function planBase({ task: { identity }, s3 }: IdentityConfig): BaseIdentity {
  const { base } = identity;
  switch (base.kind) {
    case 'keys':
      return { kind: 'keys', credentials: s3.keys ?? { accessKeyId: '', secretAccessKey: '' } };
    case 'webIdentity': {
      const path = s3.tokenFile ?? '';
      return { kind: 'webIdentity', roleArn: base.roleArn, token: () => readToken(path) };
    }
    case 'ambient':
      return { kind: 'ambient' };
  }
}

/** The kubelet renews the file: it is read each time that a session is. */
async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new TransientError({
      reason: 'TokenRequestFailed',
      message: `The token of the ServiceAccount cannot be read: ${messageOf(error)}`,
      cause: error,
    });
  }
}
