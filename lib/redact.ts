/**
 * Keeps secrets out of whatever a person may read: logs, events, statuses, messages of foreign errors.
 *
 * Two nets: shapes that are always secret (keys, tokens, passwords in URLs and settings), and values that the process
 * has read from Secrets, in whatever text they turn up, plain, percent-encoded, base64 or escaped for JSON.
 */

export const REDACTED = '[redacted]';

export interface Redactor {
  /** Remember a secret value. Call it each time that the value is read: the least recently read are forgotten. */
  readonly remember: (secret: string) => void;
  readonly redact: (text: string) => string;
}

/** Shorter values are words that occur in any text; to replace them would only make logs unreadable. */
const MIN_SECRET_LENGTH = 6;

const SECRET_NAMES =
  '[\\w-]{0,30}password|passwd|pwd|passphrase|secret|secret[-_]?access[-_]?key|access[-_]?token|session[-_]?token|api[-_]?key|' +
  'private[-_]?key|client[-_]?secret|token|authorization|x-amz-(?:security-token|signature|credential)';

const SECRET_NAME = new RegExp(`^(?:[\\w.-]*[._-])?(?:${SECRET_NAMES})$`, 'i');

interface Shape {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** Each pattern takes linear time: what it may run over is bounded or ends at the next separator. */
const SHAPES: readonly Shape[] = [
  {
    pattern: /-----BEGIN ([A-Z ]{0,30})PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    replacement: `${REDACTED} private key`,
  },
  // A password may hold `@`; in a PostgreSQL URL, where people forget to encode it, even a slash.
  {
    pattern: /\b(postgres(?:ql)?:\/\/[^\s:@/"']{0,200}):[^\s"'<>]{0,500}@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  {
    pattern: /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/"']{0,200}):[^\s/"'<>]{0,500}@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  { pattern: /\b(Bearer|Basic)\s{1,9}[\w.~+/=-]{6,}/gi, replacement: `$1 ${REDACTED}` },
  { pattern: /\b(Signature|Credential)=[\w/%+.-]+/g, replacement: `$1=${REDACTED}` },
  { pattern: /\beyJ[\w-]{6,}\.[\w-]+\.[\w-]*/g, replacement: REDACTED },
  // The kind of an access key (long-lived or of a session) helps in diagnosis; the rest does not.
  { pattern: /\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, replacement: `$1${REDACTED}` },
  { pattern: settingPattern(), replacement: `$1${REDACTED}` },
];

/** `name = value`, `"name": "value"` and their like, the quotes escaped or not. */
function settingPattern(): RegExp {
  const name = `(?<![a-z0-9])(?:${SECRET_NAMES})\\\\?["']?`;
  const notYetDone = `(?!\\[redacted\\]|(?:Bearer|Basic) )`;
  const quoted = `\\\\?"[^"\\\\]{0,4000}\\\\?"|'[^']{0,4000}'`;
  return new RegExp(`(${name}\\s{0,9}[=:]\\s{0,9})${notYetDone}(?:${quoted}|[^\\s,;&"'}]+)`, 'gi');
}

/** True for a field whose value is a secret by its name, e.g. `secretAccessKey`, `db.password`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Replaces what is secret by its shape. */
export function redactShapes(text: string): string {
  return SHAPES.reduce((rest, { pattern, replacement }) => rest.replace(pattern, replacement), text);
}

export function createRedactor({ maxSecrets = 1_000 }: { readonly maxSecrets?: number } = {}): Redactor {
  const secrets = new Set<string>();
  let known: RegExp | undefined;
  return {
    remember(secret) {
      const value = secret.trim();
      if (value.length < MIN_SECRET_LENGTH) return;
      if (!secrets.delete(value)) known = undefined;
      secrets.add(value);
      const oldest = secrets.values().next().value;
      if (secrets.size > maxSecrets && oldest !== undefined) {
        secrets.delete(oldest);
        known = undefined;
      }
    },
    redact(text) {
      if (secrets.size === 0) return redactShapes(text);
      known ??= patternOf(secrets);
      return redactShapes(text.replace(known, REDACTED));
    },
  };
}

/** Longest first, so that a secret which begins with another leaves no tail. */
function patternOf(secrets: ReadonlySet<string>): RegExp {
  const spellings = [...secrets].flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ]);
  const longestFirst = [...new Set(spellings)].toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((spelling) => RegExp.escape(spelling)).join('|'), 'g');
}
