/** An access key, or the temporary one of a session. Other ways to an identity end in these three words too. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}
