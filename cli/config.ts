/** What the command takes from its environment, read once. */
export interface CliConfig {
  /** The variables that all tools for AWS read. */
  readonly aws: AwsEnvironment;
  /** All variables in which the AWS SDK may find credentials, for processes that are to find the same. */
  readonly ambient: Readonly<Record<string, string>>;
}

export interface AwsEnvironment {
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  /** Path of a file of certificates. */
  readonly caBundle: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function loadCliConfig(env: Environment): CliConfig {
  const first = (...names: readonly string[]) =>
    names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
  return Object.freeze({
    ambient: pickAmbient(env),
    aws: {
      accessKeyId: first('AWS_ACCESS_KEY_ID'),
      secretAccessKey: first('AWS_SECRET_ACCESS_KEY'),
      sessionToken: first('AWS_SESSION_TOKEN'),
      region: first('AWS_REGION', 'AWS_DEFAULT_REGION'),
      endpoint: first('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'),
      caBundle: first('AWS_CA_BUNDLE'),
    },
  });
}

/** HOME is where profiles are. */
function pickAmbient(env: Environment): Readonly<Record<string, string>> {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && (name.startsWith('AWS_') || name === 'HOME') ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}
