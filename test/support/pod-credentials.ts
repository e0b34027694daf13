import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AwsCredentials } from '../../lib/aws/credentials.ts';

/** What the agent of EKS Pod Identity is to a pod: an address on the node that gives credentials for a token. */
export interface PodCredentials {
  /** Variables that EKS adds to the pods of the ServiceAccount. */
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined: the ServiceAccount has no association. */
  serve(credentials: AwsCredentials | undefined): void;
  /** How many times credentials were given. */
  readonly given: () => number;
  stop(): Promise<void>;
}

const token = 'a-token-of-the-pod';

export async function startPodCredentials(): Promise<PodCredentials> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-pod-token-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, token);
  let served: AwsCredentials | undefined;
  let given = 0;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== token || served === undefined) {
      response.writeHead(404).end('{"message":"no association"}');
      return;
    }
    given += 1;
    const { accessKeyId, secretAccessKey, sessionToken = '' } = served;
    const answer = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: new Date(Date.now() + 6 * 3_600_000).toISOString(),
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    environment: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    },
    serve: (credentials) => {
      served = credentials;
    },
    given: () => given,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
