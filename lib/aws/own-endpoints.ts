/**
 * Names under which Amazon alone answers for STS and S3. Not all of amazonaws.com is Amazon's to answer for: anybody's
 * machines, load balancers and gateways have names there too.
 */
const ownHosts = [
  /^sts(-fips)?(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/,
  /^s3([.-][a-z0-9-]+){0,4}\.amazonaws\.com(\.cn)?$/,
  /^([a-z0-9-]+\.)?vpce-[a-z0-9-]+\.(sts|s3)\.[a-z0-9-]+\.vpce\.amazonaws\.com(\.cn)?$/,
];

/** Whether credentials that may be given to Amazon alone may be given to this address. */
export function isOwnEndpoint(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'https:' && ownHosts.some((pattern) => pattern.test(hostname));
}
