/** How the bucket of a source is written in policies: by name, or by an access point. */
export interface BucketArns {
  readonly bucket: string;
  /** Of all objects under a prefix. */
  readonly objects: (prefix: string) => string;
}

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** Whether requests go through an access point: its ARN or its alias stands where a bucket's name would. */
export function isAccessPoint(bucket: string): boolean {
  return bucket.startsWith('arn:') || bucket.endsWith('-s3alias');
}

/**
 * The resources of a bucket, an access point's ARN or its alias. An alias is no resource of a policy, and does not tell
 * its ARN: then all access points of the account are meant.
 */
export function arnsOf(
  bucket: string,
  at: { readonly region: string; readonly account?: string | undefined },
): BucketArns {
  const { region, account = '*' } = at;
  const partition = partitionOf(region);
  if (!isAccessPoint(bucket)) return arns(`arn:${partition}:s3:::${bucket}`, '/');
  if (bucket.startsWith('arn:')) return arns(bucket, '/object/');
  return arns(`arn:${partition}:s3:${region}:${account}:accesspoint/*`, '/object/');
}

function arns(bucket: string, separator: string): BucketArns {
  return { bucket, objects: (prefix) => `${bucket}${separator}${literal(prefix)}*` };
}

/** A text in a policy where `*`, `?` and `$` would mean something else. */
export function literal(text: string): string {
  return text.replaceAll(/[*?$]/g, (sign) => `\${${sign}}`);
}

/** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` as the role, which trust policies name; any other ARN as it is. */
export function roleOfSession(principal: string): string {
  const [, partition, account, role] =
    /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(principal) ?? [];
  return role === undefined ? principal : `arn:${partition}:iam::${account}:role/${role}`;
}
