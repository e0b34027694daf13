/**
 * X.509 certificates for servers that live as long as a test: one authority, elliptic keys, written as DER by hand, so
 * that the tests need neither openssl nor a package for it.
 */

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** To Kubernetes, the groups of a user. */
  readonly organizations?: readonly string[];
  /** What the certificate is for: a server under these names and addresses, or a client. */
  readonly use: { readonly kind: 'client' } | { readonly kind: 'server'; readonly names: readonly string[] };
}

export interface CertificateAuthority {
  /** PEM of the authority's own certificate. */
  readonly certificate: string;
  issue(request: CertificateRequest): Certificate;
}

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const DAY_MS = 86_400_000;
const LIFETIME_MS = 2 * DAY_MS;

export function createCertificateAuthority(commonName: string): CertificateAuthority {
  const keys = newKeys();
  const name = nameOf(commonName, []);
  const keyId = keyIdOf(keys.publicKey);
  const issuer = { name, privateKey: keys.privateKey };
  const certificate = certificateOf(issuer, {
    subject: name,
    publicKey: keys.publicKey,
    extensions: [
      extension(oids.basicConstraints, sequence(boolean(true)), true),
      // keyCertSign and cRLSign: bits 5 and 6, so one unused bit.
      extension(oids.keyUsage, bitString(Buffer.from([0x06]), 1), true),
      extension(oids.subjectKeyIdentifier, octetString(keyId)),
    ],
  });

  return {
    certificate,
    issue(request) {
      const own = newKeys();
      return {
        privateKey: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        certificate: certificateOf(issuer, {
          subject: nameOf(request.commonName, request.organizations ?? []),
          publicKey: own.publicKey,
          extensions: [
            // digitalSignature: bit 0.
            extension(oids.keyUsage, bitString(Buffer.from([0x80]), 7), true),
            extension(oids.authorityKeyIdentifier, sequence(tagged(0x80, keyId))),
            ...extensionsOfUse(request.use),
          ],
        }),
      };
    },
  };
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

interface CertificateBody {
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificateOf(
  issuer: { readonly name: Buffer; readonly privateKey: KeyObject },
  body: CertificateBody,
): string {
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const now = Date.now();
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    issuer.name,
    sequence(time(now - DAY_MS), time(now + LIFETIME_MS)),
    body.subject,
    body.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...body.extensions)),
  );
  const signature = sign('sha256', toBeSigned, issuer.privateKey);
  const der = sequence(toBeSigned, algorithm, bitString(signature, 0));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extensionsOfUse(use: CertificateRequest['use']): readonly Buffer[] {
  if (use.kind === 'client') return [extension(oids.extendedKeyUsage, sequence(oid(oids.clientAuth)))];
  return [
    extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth))),
    extension(oids.subjectAltName, sequence(...use.names.map(generalName))),
  ];
}

/** An IPv4 address or a DNS name. */
function generalName(name: string): Buffer {
  const isAddress = /^\d+(\.\d+){3}$/.test(name);
  return isAddress ? tagged(0x87, Buffer.from(name.split('.').map(Number))) : tagged(0x82, Buffer.from(name));
}

function nameOf(commonName: string, organizations: readonly string[]): Buffer {
  const part = (type: string, value: string): Buffer =>
    tagged(0x31, sequence(oid(type), tagged(0x0c, Buffer.from(value))));
  return sequence(
    ...organizations.map((organization) => part(oids.organization, organization)),
    part(oids.commonName, commonName),
  );
}

function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

function extension(type: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return tagged(0x18, Buffer.from(`${digits}Z`));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift((rest % 128) + 128);
  }
  return digits;
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0x00]));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function bitString(bytes: Buffer, unusedBits: number): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([unusedBits]), bytes]));
}

function octetString(bytes: Buffer): Buffer {
  return tagged(0x04, bytes);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** Tag, length, value: the one form of all DER. */
function tagged(tag: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...lengthOf(value.length)]), value]);
}

function lengthOf(length: number): number[] {
  if (length < 128) return [length];
  return length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
