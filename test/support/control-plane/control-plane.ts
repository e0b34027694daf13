/**
 * A real Kubernetes API for tests: etcd, kube-apiserver and, if asked for, kube-controller-manager, each run with ports,
 * certificates and a folder of its own. Ready in a few seconds; gone with the process that started it.
 */

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../lib/clock.ts';
import { createApiClient, type ApiClient } from '../../../operator/runtime/api-client.ts';
import type { ClusterAccess } from '../../../operator/runtime/cluster-access.ts';
import { createHttpTransport, type HttpTransport } from '../../../operator/runtime/http-transport.ts';
import { createCertificateAuthority, type CertificateAuthority } from './certificates.ts';
import { explainMissing, findControlPlane, missingOf, type ControlPlanePrograms } from './install.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { createServerGroup, freePort, type Server, type ServerGroup } from './processes.ts';
import { waitUntil } from './wait-until.ts';

export interface ControlPlaneOptions {
  /** Also Jobs, garbage collection, namespaces' deletion and default ServiceAccounts. Default false. */
  readonly controllerManager?: boolean;
  /** Files or folders of CustomResourceDefinitions, applied and established before the start is over. */
  readonly crds?: readonly string[];
}

/** As the certificate says it; RBAC is on. */
export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface ControlPlane {
  readonly url: string;
  /** Of a user who may do all. */
  readonly kubeconfigPath: string;
  /** The folder of this run; tests may put files there. */
  readonly folder: string;
  readonly access: ClusterAccess;
  readonly transport: HttpTransport;
  /** As the user who may do all, under the field manager `test`. */
  readonly client: ApiClient;
  readonly kubectl: Kubectl;
  /** Access for another user, and the path of a kubeconfig that has it. */
  accessFor(user: User): Promise<{ readonly access: ClusterAccess; readonly kubeconfigPath: string }>;
  /** A namespace of a name that no other test has; its name. */
  createNamespace(prefix: string): Promise<string>;
  /** Stops the API server and starts it again on the same port, with what etcd holds. */
  restartApiServer(whileStopped?: () => Promise<void>): Promise<void>;
  /** Makes etcd forget all revisions before now; the API server's own memory of them goes with a restart. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

const namespaceType = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
const START_TIMEOUT_MS = 120_000;
const ADMIN: User = { name: 'admin', groups: ['system:masters'] };

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const programs = await findControlPlane();
  const missing = missingOf(programs).filter(
    (name) => name !== 'kube-controller-manager' || options.controllerManager === true,
  );
  if (missing.length > 0) throw new Error(explainMissing(missing));

  const folder = await mkdtemp(join(tmpdir(), 'millrace-control-plane-'));
  const servers = createServerGroup(folder);
  try {
    return await startIn({ folder, servers, programs: programs as ControlPlanePrograms }, options);
  } catch (error) {
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Run {
  readonly folder: string;
  readonly servers: ServerGroup;
  readonly programs: ControlPlanePrograms;
}

async function startIn(run: Run, options: ControlPlaneOptions): Promise<ControlPlane> {
  const authority = createCertificateAuthority('millrace-test');
  const [etcdUrl] = await Promise.all([startEtcd(run), writeServerFiles(run, authority)]);
  const url = `https://127.0.0.1:${await freePort()}`;
  const withController = options.controllerManager === true;
  const { access, kubeconfigPath } = await accessOf({ run, url, authority }, ADMIN);
  const transport = createHttpTransport({ access, clock: systemClock, userAgent: 'millrace-test' });
  const client = createApiClient({ transport, clock: systemClock, fieldManager: 'test' });
  const kubectl = createKubectl({ program: run.programs.kubectl, kubeconfigPath, folder: run.folder });

  let apiServer = await startApiServer(run, { url, etcdUrl, withController, transport });
  if (withController) {
    await createNode(transport);
    startControllerManager(run, kubeconfigPath);
  }
  await applyCrds(kubectl, options.crds ?? []);
  let namespaces = 0;

  return {
    url,
    kubeconfigPath,
    folder: run.folder,
    access,
    transport,
    client,
    kubectl,
    accessFor: (user) => accessOf({ run, url, authority }, user),
    async createNamespace(prefix) {
      namespaces += 1;
      const name = `${prefix}-${namespaces}`;
      await client.create(namespaceType, { metadata: { name } });
      return name;
    },
    async restartApiServer(whileStopped) {
      await apiServer.stop();
      await whileStopped?.();
      apiServer = await startApiServer(run, { url, etcdUrl, withController, transport });
    },
    compact: () => compactEtcd(etcdUrl),
    async stop() {
      await transport.close();
      await run.servers.stop();
      await rm(run.folder, { recursive: true, force: true });
    },
  };
}

async function startEtcd({ folder, servers, programs }: Run): Promise<string> {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const etcd = servers.start('etcd', programs.etcd, [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]);
  await ready(etcd, async () => (await fetch(`${client}/health`)).ok);
  return client;
}

async function writeServerFiles({ folder }: Run, authority: CertificateAuthority): Promise<void> {
  const serving = authority.issue({
    commonName: 'kube-apiserver',
    use: { kind: 'server', names: ['127.0.0.1', 'localhost', '10.0.0.1', 'kubernetes.default.svc'] },
  });
  const accounts = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const files = {
    'ca.crt': authority.certificate,
    'server.crt': serving.certificate,
    'server.key': serving.privateKey,
    'accounts.key': accounts.privateKey,
    'accounts.pub': accounts.publicKey,
  };
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text, { mode: 0o600 })),
  );
}

interface ApiServerOptions {
  readonly url: string;
  readonly etcdUrl: string;
  readonly withController: boolean;
  readonly transport: HttpTransport;
}

async function startApiServer(run: Run, options: ApiServerOptions): Promise<Server> {
  const { folder, servers, programs } = run;
  // Without a controller-manager nobody makes the ServiceAccounts that its admission plugin asks for.
  const admission = options.withController ? [] : ['--disable-admission-plugins=ServiceAccount'];
  const server = servers.start('kube-apiserver', programs['kube-apiserver'], [
    `--etcd-servers=${options.etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${new URL(options.url).port}`,
    `--tls-cert-file=${join(folder, 'server.crt')}`,
    `--tls-private-key-file=${join(folder, 'server.key')}`,
    `--client-ca-file=${join(folder, 'ca.crt')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${join(folder, 'accounts.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=Node,RBAC',
    '--endpoint-reconciler-type=none',
    '--profiling=false',
    ...admission,
  ]);
  const { transport } = options;
  await ready(server, async () => {
    for (const path of ['/readyz', '/api/v1/namespaces/default']) {
      if ((await transport.request({ method: 'GET', path, deadlineMs: 5_000 })).status !== 200) return false;
    }
    return true;
  });
  return server;
}

/** That pods are bound to: those of a node that does not exist are collected as garbage after a minute. */
async function createNode(transport: HttpTransport): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'local' } };
  const answer = await transport.request({ method: 'POST', path: '/api/v1/nodes', body });
  if (answer.status !== 201) throw new Error(`no node: ${JSON.stringify(answer.body)}`);
}

const CONTROLLERS = [
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'pod-garbage-collector-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'ttl-after-finished-controller',
];

function startControllerManager({ folder, servers, programs }: Run, kubeconfigPath: string): void {
  servers.start('kube-controller-manager', programs['kube-controller-manager'], [
    `--kubeconfig=${kubeconfigPath}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    `--root-ca-file=${join(folder, 'ca.crt')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ]);
}

async function ready(server: Server, check: () => Promise<boolean>): Promise<void> {
  await waitUntil(`${server.name} is ready`, START_TIMEOUT_MS, async () => {
    const end = server.exited();
    if (end !== undefined) throw new Error(`${server.name} ended with ${end}:\n${server.logTail()}`);
    return check().catch(() => false);
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; the end of its log:\n${server.logTail()}`, { cause: error });
  });
}

interface AccessSource {
  readonly run: Run;
  readonly url: string;
  readonly authority: CertificateAuthority;
}

async function accessOf({ run, url, authority }: AccessSource, user: User) {
  const { certificate, privateKey } = authority.issue({
    commonName: user.name,
    organizations: user.groups ?? [],
    use: { kind: 'client' },
  });
  const connect = { ca: authority.certificate, cert: certificate, key: privateKey };
  const access: ClusterAccess = {
    server: url,
    namespace: 'default',
    connection: () => Promise.resolve({ headers: {}, connect }),
    refresh: () => Promise.resolve(false),
  };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const kubeconfigPath = join(run.folder, `${user.name.replace(/\W/g, '-')}.kubeconfig`);
  // JSON is YAML too.
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      { name: 'test', cluster: { server: url, 'certificate-authority-data': base64(authority.certificate) } },
    ],
    users: [
      {
        name: user.name,
        user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(privateKey) },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: user.name } }],
  };
  await writeFile(kubeconfigPath, JSON.stringify(kubeconfig), { mode: 0o600 });
  return { access, kubeconfigPath };
}

async function applyCrds(kubectl: Kubectl, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const files = paths.flatMap((path) => ['-f', path]);
  await kubectl(['apply', '--server-side', ...files]);
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...files]);
}

async function compactEtcd(etcdUrl: string): Promise<void> {
  const key = Buffer.from('any').toString('base64');
  const read = await fetch(`${etcdUrl}/v3/kv/range`, { method: 'POST', body: JSON.stringify({ key }) });
  const { header } = (await read.json()) as { readonly header: { readonly revision: string } };
  const body = JSON.stringify({ revision: header.revision, physical: true });
  const answer = await fetch(`${etcdUrl}/v3/kv/compaction`, { method: 'POST', body });
  if (!answer.ok) throw new Error(`etcd did not compact: ${await answer.text()}`);
}
