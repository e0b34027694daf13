import type { Clock } from '../../../lib/clock.ts';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import type { ApiRequest } from '../../../operator/runtime/transport.ts';
import { bindPod } from './bind-pod.ts';
import type { FieldValidation } from './decode-object.ts';
import { deleteObject, readDeleteOptions } from './delete-objects.ts';
import { startEventExpiry } from './event-expiry.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { jsonPatch, mergePatch } from './json-patches.ts';
import { createLister, type ListRequest } from './list-objects.ts';
import type { ObjectStore } from './object-store.ts';
import { metadataOf, textAt } from './object-fields.ts';
import { targetOf, type Target } from './request-path.ts';
import { resourceKeyOf, subjectOf, type ResourceDefinition } from './resource-definition.ts';
import {
  badRequest,
  methodNotAllowed,
  notFound,
  notInLocalMode,
  StatusError,
  unsupportedMediaType,
} from './status-error.ts';
import { watchObjects } from './watch-objects.ts';
import {
  applyPatch,
  createObject,
  patchObject,
  replaceObject,
  type WriteDeps,
  type WriteRequest,
  type Written,
} from './write-objects.ts';

export interface ApiServerDeps {
  readonly store: ObjectStore;
  readonly definitions: readonly ResourceDefinition[];
  readonly clock: Clock;
  readonly newUid: () => string;
  readonly newSuffix: () => string;
  /** Between bookmarks of a watch. Default one minute, as a real server's. */
  readonly bookmarkMs?: number;
}

/** A request as a transport or the HTTP server hands it over; the body is a JSON value. */
export type IncomingRequest = Pick<ApiRequest, 'method' | 'path' | 'query' | 'headers' | 'signal'> & {
  readonly body?: JsonValue;
};

export type Answer =
  | {
      readonly kind: 'document';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: JsonValue;
    }
  | { readonly kind: 'watch'; readonly lines: AsyncIterable<string> };

/** A Kubernetes API over objects in memory: what a real API server answers, for the kinds that local mode serves. */
export interface ApiServer {
  handle(request: IncomingRequest): Answer;
  stop(): void;
}

export function createApiServer(deps: ApiServerDeps): ApiServer {
  const lister = createLister(deps);
  const stops = [startGarbageCollector(deps), startEventExpiry(deps.store, deps.clock)];
  const serve = (request: IncomingRequest): Answer => {
    const fixed = fixedAnswers[request.path];
    if (fixed !== undefined) return document(200, fixed);
    const target = targetOf(request.path, deps.definitions);
    return answerTo(target, { request, query: request.query ?? {}, deps, lister });
  };
  return {
    handle(request) {
      try {
        return serve(request);
      } catch (error) {
        if (error instanceof StatusError) return document(error.code, error.toStatus());
        throw error;
      }
    },
    stop: () => stops.forEach((stop) => stop()),
  };
}

const fixedAnswers: Readonly<Record<string, JsonValue>> = {
  '/livez': 'ok',
  '/readyz': 'ok',
  '/version': { major: '1', minor: '35', gitVersion: 'v1.35.0+millrace-local', platform: 'memory' },
};

function document(status: number, body: JsonValue, warnings: readonly string[] = []): Answer {
  const warning = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ');
  const headers = {
    'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
    ...(warning === '' ? {} : { warning }),
  };
  return { kind: 'document', status, headers, body };
}

interface Call {
  readonly request: IncomingRequest;
  readonly query: Readonly<Record<string, string>>;
  readonly deps: ApiServerDeps;
  readonly lister: ReturnType<typeof createLister>;
}

function answerTo(target: Target, call: Call): Answer {
  const { method } = call.request;
  if (target.subresource === 'binding') {
    if (method !== 'POST') throw methodNotAllowed();
    return document(201, bindPod(call.request.body, target, call.deps.store));
  }
  if (target.name === '') return answerForCollection(target, call);
  switch (method) {
    case 'GET':
      return document(200, read(target, call.deps));
    case 'PUT':
      return written(replaceObject(call.request.body, writeRequest(target, call), writeDeps(call)));
    case 'PATCH':
      return patch(target, call);
    case 'DELETE':
      if (target.subresource !== '') throw methodNotAllowed();
      return remove(target, call);
    default:
      throw methodNotAllowed();
  }
}

function answerForCollection(target: Target, call: Call): Answer {
  switch (call.request.method) {
    case 'GET':
      return isTrue(call.query['watch']) ? watch(target, call) : list(target, call);
    case 'POST':
      if (target.definition.namespaced && target.namespace === '') throw methodNotAllowed();
      return written(createObject(call.request.body, writeRequest(target, call), writeDeps(call)));
    default:
      throw methodNotAllowed();
  }
}

function read({ definition, namespace, name }: Target, { store }: ApiServerDeps): JsonObject {
  const object = store.get(resourceKeyOf(definition), `${namespace}/${name}`);
  if (object === undefined) throw notFound(subjectOf(definition, name));
  return object;
}

function listRequest(target: Target, query: Call['query']): ListRequest {
  return {
    definition: target.definition,
    namespace: target.namespace,
    labelSelector: query['labelSelector'] ?? '',
    fieldSelector: query['fieldSelector'] ?? '',
  };
}

function list(target: Target, { query, lister }: Call): Answer {
  const limit = Number(query['limit'] ?? 0);
  return document(
    200,
    lister.list({
      ...listRequest(target, query),
      limit: limit > 0 ? limit : undefined,
      continueToken: query['continue'] ?? '',
      resourceVersion: query['resourceVersion'] ?? '',
    }),
  );
}

const defaultBookmarkMs = 60_000;

function watch(target: Target, { query, request, deps }: Call): Answer {
  if (isTrue(query['sendInitialEvents'])) throw notInLocalMode('streaming lists; list first, then watch');
  const lines = watchObjects(
    {
      ...listRequest(target, query),
      resourceVersion: query['resourceVersion'] ?? '',
      bookmarks: isTrue(query['allowWatchBookmarks']),
      timeoutSeconds: query['timeoutSeconds'] === undefined ? undefined : Number(query['timeoutSeconds']),
      signal: request.signal,
    },
    deps.store,
    { bookmarkMs: deps.bookmarkMs ?? defaultBookmarkMs },
  );
  return { kind: 'watch', lines };
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}

function writeDeps({ deps }: Call): WriteDeps {
  return deps;
}

function writeRequest(target: Target, { query, request }: Call): WriteRequest {
  const agent = /^[^/\s]+/u.exec(request.headers?.['user-agent'] ?? '')?.[0];
  return {
    definition: target.definition,
    namespace: target.namespace,
    name: target.name,
    subresource: target.subresource === 'status' ? 'status' : '',
    fieldManager: query['fieldManager'] ?? agent ?? 'unknown',
    fieldValidation: fieldValidationOf(query['fieldValidation']),
    dryRun: query['dryRun'] === 'All',
  };
}

function fieldValidationOf(value: string | undefined): FieldValidation {
  if (value === undefined || value === '' || value === 'Warn') return 'Warn';
  if (value === 'Strict' || value === 'Ignore') return value;
  throw badRequest(
    `invalid fieldValidation ${JSON.stringify(value)}: supported values: "Ignore", "Strict", "Warn"`,
  );
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

function patch(target: Target, call: Call): Answer {
  const { request, query } = call;
  const type = (request.headers?.['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const body = request.body ?? null;
  const write = writeRequest(target, call);
  switch (type) {
    case 'application/json-patch+json':
      return written(patchObject((old) => jsonPatch(old, body), write, writeDeps(call)));
    case 'application/merge-patch+json':
      return written(patchObject((old) => mergePatch(old, body), write, writeDeps(call)));
    case 'application/apply-patch+yaml':
      if (query['fieldManager'] === undefined) {
        throw new StatusError({
          code: 422,
          reason: 'Invalid',
          message:
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        });
      }
      return written(applyPatch(body, { ...write, force: isTrue(query['force']) }, writeDeps(call)));
    default:
      throw unsupportedMediaType(type, patchTypes);
  }
}

function written({ object, isCreated, warnings }: Written): Answer {
  return document(isCreated ? 201 : 200, object, warnings);
}

function remove(target: Target, call: Call): Answer {
  const options = readDeleteOptions(call.request.body, call.query);
  const { definition, namespace, name } = target;
  const deleted = deleteObject({ definition, namespace, name, options }, writeDeps(call));
  if (deleted.kind === 'pending' || definition.kind === 'Pod') return document(200, deleted.object);
  return document(200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name,
      ...(definition.group === '' ? {} : { group: definition.group }),
      kind: definition.plural,
      uid: textAt(metadataOf(deleted.object), 'uid'),
    },
  });
}
