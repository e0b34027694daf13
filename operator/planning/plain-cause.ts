/**
 * What Kubernetes says of pods, without what changes from look to look: counts of nodes, what is used of a quota, the
 * random part of names. The same trouble gives the same words.
 */

const mostCauses = 5;

/** Of the scheduler: `0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {a: b}. preemption: …`. */
export function plainUnschedulable(message: string): string {
  const causes = /nodes are available: (.*?)(?:\. |\.?$)/s.exec(message)?.[1];
  if (causes === undefined) return sentence(message.replace(/\s*preemption:.*$/s, ''));
  const plain = causes
    .split(/,\s+(?=\d+\s)/)
    .map((cause) => cause.replace(/^\d+\s+/, '').trim())
    .filter((cause) => cause !== '');
  return `${listOf(plain)}.`;
}

/** Of the quota's admission: `pods "x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4`. */
export function plainQuota(note: string): { readonly quota: string; readonly resources: string } | undefined {
  const [, quota, requested] = /exceeded quota: ([^,]+), requested: (.*?), used: /s.exec(note) ?? [];
  if (quota === undefined || requested === undefined) return undefined;
  const names = requested.split(',').map((part) => part.replace(/=.*$/, '').trim());
  return { quota, resources: listOf(names) };
}

/** Of an admission that refuses: what stands behind the name of the pod. */
export function plainRefusal(note: string): string {
  const [, said] = /is forbidden: (.*)$/s.exec(note) ?? [];
  return sentence(said ?? note.replace(/^Error creating: /, ''));
}

/** Of a kubelet that cannot make a container. */
export function plainContainerError(message: string): string {
  return sentence(
    message
      .replace(/ \(pod: "[^"]*", container: [^)]*\)/g, '')
      .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/g, '…')
      .replace(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/g, '…'),
  );
}

const pullCauses: readonly (readonly [pattern: RegExp, cause: string])[] = [
  [/not found|manifest unknown|no match for platform/i, 'The registry has no such image'],
  [/unauthorized|authentication required|access denied|denied:|forbidden/i, 'The registry refuses the node'],
  [/x509|certificate/i, 'The registry’s certificate is not trusted'],
  [
    /no such host|i\/o timeout|connection refused|dial tcp|deadline exceeded/i,
    'The registry does not answer',
  ],
  [/invalid reference format|couldn't parse image/i, 'The name is not one of an image'],
  [/toomanyrequests|rate limit/i, 'The registry asks for fewer requests'],
];

/** Why an image is not pulled, if its registry said so in words that are known. */
export function plainPullFailure(message: string): string | undefined {
  return pullCauses.find(([pattern]) => pattern.test(message))?.[1];
}

function listOf(items: readonly string[]): string {
  const sorted = [...new Set(items)].toSorted();
  const more = sorted.length > mostCauses ? [`and ${sorted.length - mostCauses} more`] : [];
  return [...sorted.slice(0, mostCauses), ...more].join(', ');
}

function sentence(text: string): string {
  const plain = text.trim().replace(/\s+/g, ' ');
  return /[.!?…]$/.test(plain) ? plain : `${plain}.`;
}
