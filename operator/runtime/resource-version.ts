/**
 * Whether `version` lies before `other`. Versions of one resource are decimals that grow, as API servers promise since
 * Kubernetes 1.35 and have always kept to; of others (aggregated APIs may have some) nothing is said: false.
 */
export function isOlderVersion(version: string, other: string): boolean {
  if (!isDecimal(version) || !isDecimal(other)) return false;
  return version.length === other.length ? version < other : version.length < other.length;
}

function isDecimal(version: string): boolean {
  return /^(0|[1-9]\d*)$/.test(version);
}
