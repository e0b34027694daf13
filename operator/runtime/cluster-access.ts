import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, TerminalError, TransientError } from '../../lib/errors.ts';
import { redactShapes } from '../../lib/redact.ts';
import { apiReasons } from './api-error.ts';

/** What a connection to the API server is made with. */
export interface Connection {
  /** `authorization` and the like; sent with each call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connect: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
    /** Speak over this Unix socket instead of TCP. */
    readonly socketPath?: string;
  };
  /** URL of an HTTP proxy. */
  readonly proxy?: string;
}

/** Where the API server is, and how to be let in. */
export interface ClusterAccess {
  /** URL, with a path if the server is behind one. */
  readonly server: string;
  /** The namespace of the context or of the pod. */
  readonly namespace: string;
  /** Asked before each call; cheap. */
  connection(): Promise<Connection>;
  /** Called when the server did not accept the credentials: reads them anew. False: there is nothing newer. */
  refresh(): Promise<boolean>;
}

export interface KubeConfigOptions {
  /** A kubeconfig file. Absent: `KUBECONFIG`, then `~/.kube/config`, then the pod's ServiceAccount. */
  readonly path?: string;
  /** Another context than the file's current one. */
  readonly context?: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Credentials are taken from KubeConfig again after so long; its token files and exec plugins have caches of their own. */
const CONNECTION_AGE_MS = 10_000;
/** So often at most is the configuration read from its files again, whatever the server answers. */
const REFRESH_PAUSE_MS = 10_000;

/**
 * Access by client-node's KubeConfig: certificates, tokens and token files, exec plugins, the pod's ServiceAccount.
 * client-node is imported here and only when asked for, since that costs half a second and 60 MB.
 */
export async function loadClusterAccess(options: KubeConfigOptions): Promise<ClusterAccess> {
  const { clock } = options;
  let config = await loadKubeConfig(options);
  let loadedAt = clock.monotonic();
  let known: { readonly at: number; readonly connection: Promise<Connection> } | undefined;

  return {
    server: clusterOf(config).server,
    namespace: namespaceOf(config),
    connection() {
      if (known === undefined || clock.monotonic() - known.at > CONNECTION_AGE_MS) {
        const connection = readConnection(config);
        known = { at: clock.monotonic(), connection };
        connection.catch(() => (known = undefined));
      }
      return known.connection;
    },
    async refresh() {
      if (clock.monotonic() - loadedAt < REFRESH_PAUSE_MS) return false;
      loadedAt = clock.monotonic();
      config = await loadKubeConfig(options);
      known = undefined;
      return true;
    },
  };
}

async function loadKubeConfig(options: KubeConfigOptions): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (options.path === undefined) config.loadFromDefault();
    else config.loadFromFile(options.path);
    if (options.context !== undefined) config.setCurrentContext(options.context);
  } catch (error) {
    throw unusable(`${options.path ?? 'the default kubeconfig'}: ${messageOf(error)}`, error);
  }
  return config;
}

function clusterOf(config: KubeConfig) {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw unusable(
      `its context ${JSON.stringify(config.getCurrentContext())} names no cluster that it holds`,
    );
  }
  if (cluster.proxyUrl?.startsWith('socks') === true) {
    throw unusable('SOCKS proxies are not supported; name an HTTP proxy in proxy-url');
  }
  return cluster;
}

function namespaceOf(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

/** What of Node's options for HTTPS KubeConfig fills in. */
interface FilledOptions {
  readonly headers?: Readonly<Record<string, unknown>>;
  /** `user:password` */
  readonly auth?: string;
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

async function readConnection(config: KubeConfig): Promise<Connection> {
  const options: FilledOptions = {};
  try {
    await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
  } catch (error) {
    const message = `credentials for the Kubernetes API cannot be read: ${redactShapes(messageOf(error))}`;
    throw new TransientError({ reason: apiReasons.denied, message, cause: error });
  }
  const proxy = config.getCurrentCluster()?.proxyUrl;
  return {
    headers: headersOf(options),
    connect: {
      ...textOf('ca', options.ca),
      ...textOf('cert', options.cert),
      ...textOf('key', options.key),
      ...textOf('servername', options.servername),
      ...(options.rejectUnauthorized === false ? { rejectUnauthorized: false } : {}),
    },
    ...(proxy === undefined ? {} : { proxy }),
  };
}

function headersOf(options: FilledOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    headers[name.toLowerCase()] = String(value).trim();
  }
  if (options.auth !== undefined) {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

function textOf<K extends string>(
  name: K,
  value: string | Buffer | undefined,
): { readonly [P in K]?: string } {
  return (value === undefined ? {} : { [name]: value.toString() }) as { readonly [P in K]?: string };
}

function unusable(what: string, cause?: unknown): TerminalError {
  const message = `the kubeconfig cannot be used: ${redactShapes(what)}`;
  return new TerminalError({ reason: apiReasons.denied, message, cause });
}
