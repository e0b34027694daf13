import type { ResourceDefinition } from './resource-definition.ts';
import { notInLocalMode, unknownPath } from './status-error.ts';

/** What the path of a request addresses: a collection when `name` is empty. */
export interface Target {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: '' | 'status' | 'binding';
}

/** `/api/v1/namespaces/NS/PLURAL/NAME/SUB`, `/apis/GROUP/VERSION/…`, and both without the namespace. */
export function targetOf(path: string, definitions: readonly ResourceDefinition[]): Target {
  const segments = path.split('/').slice(1).map(decodeURIComponent);
  const [root, ...rest] = segments;
  if (root === 'api') return resolve('', rest, definitions);
  const [group, ...below] = rest;
  if (root === 'apis' && group !== undefined) return resolve(group, below, definitions);
  throw unknownPath();
}

function resolve(group: string, rest: readonly string[], definitions: readonly ResourceDefinition[]): Target {
  const [version, ...segments] = rest;
  const isScoped = segments[0] === 'namespaces' && segments.length > 2 && !isOfNamespace(segments[2]);
  const [namespace = '', ...below] = isScoped ? segments.slice(1) : ['', ...segments];
  const [plural, name = '', subresource = ''] = below;
  const definition = definitions.find(
    (known) => known.group === group && known.version === version && known.plural === plural,
  );
  if (definition === undefined) throw unserved(group, plural);
  if (below.length > 3 || isOutOfScope(definition, isScoped, name)) throw unknownPath();
  return { definition, namespace, name, subresource: subresourceOf(subresource, definition) };
}

/** One object of a namespaced kind is addressed with its namespace, one of another kind never. */
function isOutOfScope(definition: ResourceDefinition, isScoped: boolean, name: string): boolean {
  return definition.namespaced ? !isScoped && name !== '' : isScoped;
}

/** `/api/v1/namespaces/acme/status` speaks of the namespace itself. */
function isOfNamespace(segment: string | undefined): boolean {
  return segment === 'status' || segment === 'finalize';
}

/** Groups and kinds of a real cluster get a sentence that says why they are not here. */
function unserved(group: string, plural: string | undefined): Error {
  if (group === 'rbac.authorization.k8s.io' || group === 'authorization.k8s.io') {
    return notInLocalMode('authorization: whoever can open its socket may do everything');
  }
  if (group === 'admissionregistration.k8s.io') return notInLocalMode('admission policies or webhooks');
  if (group === 'apiextensions.k8s.io') return notInLocalMode('other resources than those of Millrace');
  return group === '' && plural !== undefined
    ? notInLocalMode(`${plural}: it serves Millrace's own kinds and those that they need`)
    : unknownPath();
}

function subresourceOf(name: string, definition: ResourceDefinition): Target['subresource'] {
  if (name === '') return '';
  if (name === 'status' && definition.hasStatus) return name;
  if (name === 'binding' && definition.kind === 'Pod') return name;
  if (name === 'token') {
    throw notInLocalMode(
      'tokens of ServiceAccounts, since there is no cluster to vouch for them; sign in with a Secret (spec.credentials.secretRef)',
    );
  }
  if (definition.kind === 'Pod' && name === 'log') {
    throw notInLocalMode('logs of pods in the API; they are files under the state directory');
  }
  throw unknownPath();
}
