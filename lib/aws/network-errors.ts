import { TerminalError, TransientError } from '../errors.ts';

type NetworkReason =
  'DNSResolutionFailed' | 'EndpointUnreachable' | 'ConnectionTimeout' | 'TLSVerificationFailed';

const reasonByCode: Readonly<Record<string, NetworkReason>> = {
  ENOTFOUND: 'DNSResolutionFailed',
  EAI_AGAIN: 'DNSResolutionFailed',
  EAI_FAIL: 'DNSResolutionFailed',
  EAI_NODATA: 'DNSResolutionFailed',
  ECONNREFUSED: 'EndpointUnreachable',
  ECONNRESET: 'EndpointUnreachable',
  EHOSTUNREACH: 'EndpointUnreachable',
  ENETUNREACH: 'EndpointUnreachable',
  EHOSTDOWN: 'EndpointUnreachable',
  EADDRNOTAVAIL: 'EndpointUnreachable',
  EPIPE: 'EndpointUnreachable',
  ETIMEDOUT: 'ConnectionTimeout',
  ESOCKETTIMEDOUT: 'ConnectionTimeout',
  TimeoutError: 'ConnectionTimeout',
  CERT_HAS_EXPIRED: 'TLSVerificationFailed',
  CERT_NOT_YET_VALID: 'TLSVerificationFailed',
  CERT_REVOKED: 'TLSVerificationFailed',
  CERT_UNTRUSTED: 'TLSVerificationFailed',
  CERT_SIGNATURE_FAILURE: 'TLSVerificationFailed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLSVerificationFailed',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLSVerificationFailed',
  UNABLE_TO_GET_ISSUER_CERT: 'TLSVerificationFailed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLSVerificationFailed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLSVerificationFailed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'TLSVerificationFailed',
  EPROTO: 'TLSVerificationFailed',
};

const sentences: Readonly<Record<NetworkReason, (host: string, code: string) => string>> = {
  DNSResolutionFailed: (host) =>
    `The name ${host} does not resolve. Check the endpoint and the DNS; where bucket names are not in the DNS, set forcePathStyle.`,
  EndpointUnreachable: (host, code) =>
    `Nothing answers at ${host} (${code}). Check the address and the port, firewalls, NetworkPolicies and the VPC endpoint.`,
  ConnectionTimeout: (host) =>
    `${host} did not answer in time. Check firewalls and NetworkPolicies, which drop packets without a word, and the load of the store.`,
  TLSVerificationFailed: (host, code) =>
    `The certificate of ${host} is not accepted (${code}). Trust its authority's certificate, use the name that the certificate has, or check that the port speaks TLS.`,
};

/** A failure below HTTP as an error of ours; undefined when `error` is none. */
export function fromNetworkError(error: unknown, host: string): TerminalError | TransientError | undefined {
  const code = codesOf(error).find((one) => reasonOfCode(one) !== undefined);
  const reason = code === undefined ? undefined : reasonOfCode(code);
  if (code === undefined || reason === undefined) return undefined;
  const details = { reason, message: sentences[reason](host, code), cause: error };
  return reason === 'TLSVerificationFailed' ? new TerminalError(details) : new TransientError(details);
}

function reasonOfCode(code: string): NetworkReason | undefined {
  if (Object.hasOwn(reasonByCode, code)) return reasonByCode[code];
  return /^(ERR_SSL_|ERR_TLS_)/.test(code) ? 'TLSVerificationFailed' : undefined;
}

/** Codes and names of an error, of what caused it and of what it gathers, outermost first. */
function codesOf(error: unknown, depth = 4): readonly string[] {
  if (!(error instanceof Error) || depth === 0) return [];
  const code = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const gathered: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const within = [...gathered, error.cause].flatMap((one) => codesOf(one, depth - 1));
  return [...code, error.name, ...within];
}
