/** Labels and annotations of the objects that the operator makes. What a person may set is in `crds/names.ts`. */
export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  source: 'millrace.dev/import-source',
} as const;

export const annotations = {
  templateHash: 'millrace.dev/template-hash',
  run: 'millrace.dev/run',
  /** What an identity probe was made for. */
  probed: 'millrace.dev/probed',
  requestedAt: 'millrace.dev/probe-requested-at',
} as const;

export const managedBy = 'millrace';

/** The longest name of a Job whose pods' names, hostnames and labels still fit. */
const maxJobName = 57;

/**
 * `SOURCE-RUN-HASH`, the same for the same facts. A name too long is cut; run and hash stay, and the hash tells even
 * two sources apart whose names begin alike, since the template that it is of names its source.
 */
export function jobName(source: string, run: number, templateHash: string): string {
  const suffix = `-${run}-${templateHash.slice(0, 8)}`;
  const stem = source
    .slice(0, maxJobName - suffix.length)
    .replaceAll('.', '-')
    .replace(/-+$/, '');
  return `${stem}${suffix}`;
}

/** `KIND-NAME-HASH`, as in `probe-lake-0123456789`; the hash is of what is probed, for whom and after which earlier probe. */
export function probeJobName(kind: 'probe' | 'discover', name: string, hash: string): string {
  const suffix = `-${hash.slice(0, 10)}`;
  const stem = `${kind}-${name}`.slice(0, maxJobName - suffix.length).replaceAll('.', '-');
  return `${stem.replace(/-+$/, '')}${suffix}`;
}

/** A label value holds 63 characters; an object's name up to 253. Longer ones are told apart by their hash. */
export function labelValue(name: string, digest: (text: string) => string): string {
  return name.length <= 63 ? name : `${name.slice(0, 52).replace(/[-.]+$/, '')}-${digest(name).slice(0, 8)}`;
}
