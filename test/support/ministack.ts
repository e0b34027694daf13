import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AwsCredentials } from '../../lib/aws/credentials.ts';
import { createServerGroup, freePort, type Server } from './control-plane/processes.ts';
import { waitUntil } from './control-plane/wait-until.ts';
import { installMiniStack } from './ministack/install.ts';

export const testAccount = '123456789012';
export const testRegion = 'us-east-1';

/** A real server of this test process that speaks as S3, STS and IAM do, and checks signatures and policies. */
export interface MiniStack {
  readonly endpoint: string;
  /** A new bucket, written to as the root, who is never refused; tests act as a user. */
  createBucket(options?: { readonly region?: string; readonly name?: string }): Promise<TestBucket>;
  /** A new user of IAM who may do what the statements say, and nothing else. */
  createUser(statements: readonly PolicyStatement[]): Promise<TestUser>;
  /** Credentials of a role's session that may do what the statements say; they end after so many seconds. */
  createSession(statements: readonly PolicyStatement[], seconds: number): Promise<AwsCredentials>;
  /** A new role that trusts nobody and may do nothing. */
  createRole(): Promise<TestRole>;
  /** An OpenID provider of the account, so that its tokens may be given for roles. */
  createOidcProvider(issuer: string): Promise<void>;
  stop(): Promise<void>;
}

export interface TestRole {
  readonly name: string;
  readonly arn: string;
  /** A whole policy, as a person pastes it. */
  setTrust(document: string): Promise<void>;
  setPolicy(document: string): Promise<void>;
}

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Principal?: Readonly<Record<string, string>> | '*';
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface TestUser extends AwsCredentials {
  readonly arn: string;
  /** A whole policy in place of the one before, as a person pastes it; undefined: none. */
  setPolicy(document: string | undefined): Promise<void>;
}

export interface PutOptions {
  readonly contentEncoding?: string;
  readonly contentType?: string;
  readonly storageClass?: string;
}

export interface TestBucket {
  readonly name: string;
  /** Returns the ETag, without quotation marks. */
  put(key: string, body: string | Buffer, options?: PutOptions): Promise<string>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
  setPolicy(statements: readonly PolicyStatement[]): Promise<void>;
}

/** Listing the bucket and reading all its objects: what an import needs. */
export function readStatements(bucket: string): readonly PolicyStatement[] {
  return [
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${bucket}` },
    { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
  ];
}

/** Starts one on a free port of loopback, with nothing in it. */
export async function startMiniStack(): Promise<MiniStack> {
  const program = await installMiniStack();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-ministack-'));
  const servers = createServerGroup(folder);
  const port = await freePort();
  const environment = {
    AUTH: 'true',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: testAccount,
    SERVICES: 's3,sqs,sns,sts,iam,kms',
  };
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const server = servers.start('ministack', 'env', [...assignments, program]);
  const stop = async (): Promise<void> => {
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(server, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return createMiniStack(port, stop);
}

async function untilReady(server: Server, port: number): Promise<void> {
  await waitUntil('MiniStack answers', 90_000, async () => {
    const ended = server.exited();
    if (ended !== undefined) throw new Error(`MiniStack ended with ${ended}:\n${server.logTail()}`);
    return send(port, { service: 's3', method: 'GET', path: '/' }).then(
      ({ status }) => status === 200,
      () => false,
    );
  });
}

function createMiniStack(port: number, stop: () => Promise<void>): MiniStack {
  const iam = (action: string, parameters: Readonly<Record<string, string>>): Promise<string> =>
    query(port, 'iam', { Action: action, Version: '2010-05-08', ...parameters });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    stop,
    createBucket: async ({ region = testRegion, name = `bucket-${randomUUID()}` } = {}) => {
      const constraint = `<LocationConstraint>${region}</LocationConstraint>`;
      const body =
        region === testRegion ? '' : `<CreateBucketConfiguration>${constraint}</CreateBucketConfiguration>`;
      await ask(port, { service: 's3', method: 'PUT', path: `/${name}`, body });
      return bucketOf(port, name);
    },
    createUser: async (statements) => {
      const user = `user-${newName()}`;
      const created = await iam('CreateUser', { UserName: user });
      // A policy without statements is refused; a user without a policy may do nothing.
      if (statements.length > 0) {
        const PolicyDocument = policyOf(statements);
        await iam('PutUserPolicy', { UserName: user, PolicyName: 'test', PolicyDocument });
      }
      const key = await iam('CreateAccessKey', { UserName: user });
      const setPolicy = async (document: string | undefined) => {
        const named = { UserName: user, PolicyName: 'test' };
        if (document === undefined) await iam('DeleteUserPolicy', named);
        else await iam('PutUserPolicy', { ...named, PolicyDocument: document });
      };
      return { arn: element(created, 'Arn'), ...credentialsOf(key), setPolicy };
    },
    createRole: async () => {
      const name = `role-${newName()}`;
      const nobody = policyOf([
        { Effect: 'Deny', Action: 'sts:AssumeRole', Principal: { AWS: '*' }, Resource: '*' },
      ]);
      const created = await iam('CreateRole', { RoleName: name, AssumeRolePolicyDocument: nobody });
      return {
        name,
        arn: element(created, 'Arn'),
        setTrust: async (document) => {
          await iam('UpdateAssumeRolePolicy', { RoleName: name, PolicyDocument: document });
        },
        setPolicy: async (document) => {
          await iam('PutRolePolicy', { RoleName: name, PolicyName: 'test', PolicyDocument: document });
        },
      };
    },
    createOidcProvider: async (issuer) => {
      await iam('CreateOpenIDConnectProvider', {
        Url: issuer,
        'ClientIDList.member.1': 'sts.amazonaws.com',
        'ThumbprintList.member.1': '0'.repeat(40),
      });
    },
    createSession: async (statements, seconds) => {
      const role = `role-${newName()}`;
      const trust = policyOf([
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { AWS: `arn:aws:iam::${testAccount}:root` },
          Resource: '*',
        },
      ]);
      const created = await iam('CreateRole', { RoleName: role, AssumeRolePolicyDocument: trust });
      await iam('PutRolePolicy', {
        RoleName: role,
        PolicyName: 'test',
        PolicyDocument: policyOf(statements),
      });
      const answer = await query(port, 'sts', {
        Action: 'AssumeRole',
        Version: '2011-06-15',
        RoleArn: element(created, 'Arn'),
        RoleSessionName: 'test',
        DurationSeconds: String(seconds),
      });
      return { ...credentialsOf(answer), sessionToken: element(answer, 'SessionToken') };
    },
  };
}

function bucketOf(port: number, name: string): TestBucket {
  return {
    name,
    put: async (key, body, options = {}) => {
      const headers = {
        ...(options.contentEncoding === undefined ? {} : { 'content-encoding': options.contentEncoding }),
        ...(options.contentType === undefined ? {} : { 'content-type': options.contentType }),
        ...(options.storageClass === undefined ? {} : { 'x-amz-storage-class': options.storageClass }),
      };
      const path = `/${name}/${encodeKey(key)}`;
      const answer = await ask(port, { service: 's3', method: 'PUT', path, body, headers });
      return (answer.headers['etag'] ?? '').replaceAll('"', '');
    },
    delete: async (key) => {
      await ask(port, { service: 's3', method: 'DELETE', path: `/${name}/${encodeKey(key)}` });
    },
    keys: async () => {
      const { text } = await ask(port, { service: 's3', method: 'GET', path: `/${name}?list-type=2` });
      return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
    },
    setPolicy: async (statements) => {
      const path = `/${name}?policy`;
      await ask(port, { service: 's3', method: 'PUT', path, body: policyOf(statements) });
    },
  };
}

/** Not in the shape of a uid, which no status may tell. */
function newName(): string {
  return randomUUID().replaceAll('-', '');
}

function policyOf(statements: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

function credentialsOf(xml: string): AwsCredentials {
  return { accessKeyId: element(xml, 'AccessKeyId'), secretAccessKey: element(xml, 'SecretAccessKey') };
}

function element(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (text === undefined) throw new Error(`no <${name}> in ${xml}`);
  return text;
}

/** Every byte that is not a letter or digit, so that nothing on the way reads dots or slashes as steps. */
function encodeKey(key: string): string {
  return Buffer.from(key)
    .toString('hex')
    .replaceAll(/../g, (byte) => `%${byte}`);
}

interface Call {
  readonly service: 's3' | 'iam' | 'sts';
  readonly method: string;
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

async function query(
  port: number,
  service: Call['service'],
  form: Readonly<Record<string, string>>,
): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams(form).toString();
  return (await ask(port, { service, method: 'POST', path: '/', body, headers })).text;
}

async function ask(port: number, call: Call): Promise<Answer> {
  const answer = await send(port, call);
  if (answer.status >= 300) throw new Error(`${call.method} ${call.path}: ${answer.status} ${answer.text}`);
  return answer;
}

/** As the root, whose signature is not checked. */
async function send(port: number, call: Call): Promise<Answer> {
  const scope = `test/20260101/${testRegion}/${call.service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  const body = call.body ?? '';
  const headers = { ...call.headers, authorization, 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, method: call.method, path: call.path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Answer['headers'],
            text,
          });
        });
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}
