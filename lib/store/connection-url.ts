import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { TerminalError } from '../errors.ts';

/** What a connection string says. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl: false | ConnectionOptions;
  /** The target as a message may name it: host, port and database, never user or password. */
  readonly label: string;
}

const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`.
 * `host=/directory` among the parameters names a Unix socket, as libpq has it, and counts before the other host;
 * `hostaddr=address` is where to connect instead of the host, whose name the certificate still has to bear. Other
 * parameters are ignored, since they speak to libpq.
 *
 * `sslmode`: `disable`; `require`, encrypted and, without a CA, not checked; `verify-ca`; `verify-full`.
 * Absent: `verify-full` when a CA is given, else `disable`. `allow` and `prefer` may send the password in
 * clear without a word, and are refused.
 */
export function parseConnectionUrl(url: string, caPem: string | undefined): ConnectionTarget {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw invalid('it cannot be read as postgres://user:password@host:port/database');
  }
  const database = decode(parsed.pathname.slice(1));
  if (database === '') throw invalid('it names no database');
  if (parsed.username === '') throw invalid('it names no user');
  const { host, address } = readHost(parsed);
  const port = parsed.port === '' ? 5432 : Number(parsed.port);
  return {
    host: address ?? host,
    port,
    user: decode(parsed.username),
    password: decode(parsed.password),
    database,
    ssl: host.startsWith('/')
      ? false
      : tlsOptions(readSslMode(parsed, caPem), caPem, address === null ? undefined : host),
    label: `PostgreSQL at ${address ?? host}:${String(port)}/${database}`,
  };
}

function readHost(url: URL): { readonly host: string; readonly address: string | null } {
  const host = url.searchParams.get('host') ?? bareHost(url.hostname);
  if (host === '') throw invalid('it names no host');
  return { host, address: url.searchParams.get('hostaddr') };
}

/** The URL's form of an IPv6 address has brackets, the socket's has none. */
function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : decode(hostname);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid('a percent sign in it is not followed by two hexadecimal digits (write %25 for the sign)');
  }
}

function readSslMode(parsed: URL, caPem: string | undefined): SslMode {
  const given = parsed.searchParams.get('sslmode');
  if (given === null) return caPem === undefined ? 'disable' : 'verify-full';
  const known = sslModes.find((mode) => mode === given);
  if (known === undefined) {
    throw invalid(`its sslmode is "${given.slice(0, 40)}", which must be one of ${sslModes.join(', ')}`);
  }
  return known;
}

function tlsOptions(
  mode: SslMode,
  caPem: string | undefined,
  nameOfServer: string | undefined,
): false | ConnectionOptions {
  const ca = caPem === undefined ? {} : { ca: caPem };
  switch (mode) {
    case 'disable':
      return false;
    case 'require':
      return { ...ca, rejectUnauthorized: caPem !== undefined, checkServerIdentity: () => undefined };
    case 'verify-ca':
      return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { ...ca, rejectUnauthorized: true, ...identityCheck(nameOfServer) };
  }
}

/** Without a name it is that of the host that is connected to, as usual. */
function identityCheck(name: string | undefined): Pick<ConnectionOptions, 'checkServerIdentity'> {
  if (name === undefined) return {};
  return { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) };
}

function invalid(problem: string): TerminalError {
  return new TerminalError({
    reason: 'StoreURLInvalid',
    message: `The connection string of the store is not usable: ${problem}.`,
  });
}
