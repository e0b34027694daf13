import { isDeepStrictEqual } from 'node:util';

import type { Clock } from '../../../lib/clock.ts';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import { apiVersionOf } from '../../../operator/runtime/objects.ts';
import { invalidValue } from './field-error.ts';
import { checkKind, decodeObject, inNamespace, type FieldValidation } from './decode-object.ts';
import { withDefaults } from './default-fields.ts';
import { applyObject, trackUpdate, withoutManagedFields, type WriteContext } from './managed-fields.ts';
import {
  listAt,
  metadataOf,
  numberAt,
  objectAt,
  stringsAt,
  textAt,
  withFields,
  withMetadata,
} from './object-fields.ts';
import { storeKey, type ObjectStore } from './object-store.ts';
import { resourceKeyOf, subjectOf, type ResourceDefinition } from './resource-definition.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  modifiedSince,
  notFound,
  untypedPatch,
} from './status-error.ts';
import { refuseUnlessNamespaceTakes } from './namespaces.ts';
import { patchMistakes } from './typed-patch.ts';
import { validateObject } from './validate-object.ts';

export interface WriteDeps {
  readonly store: ObjectStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly newUid: () => string;
  /** Five characters after a `generateName`. */
  readonly newSuffix: () => string;
}

export interface WriteRequest {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  /** Empty for a create by `generateName`. */
  readonly name: string;
  readonly subresource: '' | 'status';
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Says what would come of the write, and writes nothing. */
  readonly dryRun: boolean;
}

export interface Written {
  readonly object: JsonObject;
  readonly isCreated: boolean;
  readonly warnings: readonly string[];
}

/** POST to a collection. */
export function createObject(body: JsonValue | undefined, request: WriteRequest, deps: WriteDeps): Written {
  const { definition } = request;
  const { object, warnings } = decodeObject(body, definition, request.fieldValidation);
  const metadata = metadataOf(object);
  if (textAt(metadata, 'resourceVersion') !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const prefix = textAt(metadata, 'generateName');
  const name = textAt(metadata, 'name') || (prefix === '' ? '' : `${prefix}${deps.newSuffix()}`);
  const named = inNamespace(withMetadata(object, { name }), request.namespace);
  const track = (complete: JsonObject) =>
    trackUpdate(undefined, complete, contextOf(request, 'Update', deps));
  return { ...store(complete(named, { request, deps, track }), request, deps), warnings };
}

/** PUT of an object or of its status. */
export function replaceObject(body: JsonValue | undefined, request: WriteRequest, deps: WriteDeps): Written {
  const { definition } = request;
  const { object, warnings } = decodeObject(body, definition, request.fieldValidation);
  const sent = textAt(metadataOf(object), 'name');
  if (sent !== request.name) {
    throw badRequest(`the name of the object (${sent}) does not match the name on the URL (${request.name})`);
  }
  const old = existing(request, deps);
  const version = textAt(metadataOf(object), 'resourceVersion');
  if (version === '' && definition.behaviour.needsResourceVersion) {
    const message = 'Invalid value: 0: must be specified for an update';
    const field = 'metadata.resourceVersion';
    throw invalid(subjectOf(definition, request.name), [{ reason: 'FieldValueInvalid', message, field }]);
  }
  return {
    ...change(inNamespace(object, request.namespace), old, { request, deps, isReplace: true }),
    warnings,
  };
}

/** JSON patch or merge patch: `patch` makes the new object of the old one. */
export function patchObject(
  patch: (old: JsonObject) => JsonValue,
  request: WriteRequest,
  deps: WriteDeps,
): Written {
  const old = existing(request, deps);
  const patched = patch(withoutManagedFields(old));
  const { object, warnings } = decodeObject(patched, request.definition, request.fieldValidation);
  return { ...change(inNamespace(object, request.namespace), old, { request, deps }), warnings };
}

/** Server-side apply. Creates the object where there is none. */
export function applyPatch(
  body: JsonValue | undefined,
  request: WriteRequest & { readonly force: boolean },
  deps: WriteDeps,
): Written {
  const { definition, name } = request;
  const applied = inNamespace(checkKind(body, definition), request.namespace);
  const sent = textAt(metadataOf(applied), 'name');
  if (sent !== '' && sent !== name) {
    throw badRequest(`the name of the object (${sent}) does not match the name on the URL (${name})`);
  }
  if ('managedFields' in metadataOf(applied)) throw badRequest('metadata.managedFields must be nil');
  const mistakes = patchMistakes(applied, definition.schema);
  if (mistakes.length > 0) throw untypedPatch(`(${describe(request)}): ${listed(mistakes)}`);

  const old = deps.store.get(resourceKeyOf(definition), `${request.namespace}/${name}`);
  const context = { ...contextOf(request, 'Apply', deps), force: request.force };
  if (old !== undefined) {
    return {
      ...change(applyObject(old, applied, context), old, { request, deps, isApplied: true }),
      warnings: [],
    };
  }
  if (request.subresource !== '') throw notFound(subjectOf(definition, name));
  const bare = { apiVersion: apiVersionOf(definition), kind: definition.kind, metadata: {} };
  const named = withMetadata(applyObject(bare, applied, context), { name });
  return {
    ...store(complete(named, { request, deps, track: (object) => object }), request, deps),
    warnings: [],
  };
}

function describe({ definition, namespace, name }: WriteRequest): string {
  return `${namespace}/${name}; ${apiVersionOf(definition)}, Kind=${definition.kind}`;
}

function listed(mistakes: readonly string[]): string {
  const [first = ''] = mistakes;
  return mistakes.length === 1 ? first : `errors:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`;
}

function existing(request: WriteRequest, deps: WriteDeps): JsonObject {
  const { definition, namespace, name } = request;
  const old = deps.store.get(resourceKeyOf(definition), `${namespace}/${name}`);
  if (old === undefined) throw notFound(subjectOf(definition, name));
  return old;
}

/** Owners never list what the write cannot touch: status through the main resource, spec through `/status`. */
function contextOf(request: WriteRequest, operation: 'Apply' | 'Update', deps: WriteDeps): WriteContext {
  const { definition, subresource } = request;
  const ofMain = definition.hasStatus ? ['status'] : [];
  return {
    schema: definition.schema,
    writer: {
      manager: request.fieldManager,
      operation,
      apiVersion: apiVersionOf(definition),
      subresource,
    },
    now: timestamp(deps),
    ignored: subresource === '' ? ofMain : ['spec'],
  };
}

/** RFC 3339 in whole seconds, as the API server writes times. */
function timestamp(deps: Pick<WriteDeps, 'clock'>): string {
  return `${new Date(deps.clock.now()).toISOString().slice(0, 19)}Z`;
}

interface Completion {
  readonly request: WriteRequest;
  readonly deps: WriteDeps;
  readonly track: (object: JsonObject) => JsonObject;
}

/** A new object with all that the server adds; checked. */
function complete(object: JsonObject, { request, deps, track }: Completion): JsonObject {
  const { definition } = request;
  const { behaviour } = definition;
  const name = textAt(metadataOf(object), 'name');
  const key = `${request.namespace}/${name}`;
  if (definition.namespaced)
    refuseUnlessNamespaceTakes(request.namespace, subjectOf(definition, name), deps.store);
  if (name !== '' && deps.store.get(resourceKeyOf(definition), key))
    throw alreadyExists(subjectOf(definition, name));
  const identified = withMetadata(object, {
    uid: deps.newUid(),
    creationTimestamp: timestamp(deps),
    generation: behaviour.hasGeneration ? 1 : undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    resourceVersion: undefined,
  });
  const filled = behaviour.fillIn(withDefaults(identified, definition.schema));
  const tracked = track(filled);
  const fresh = definition.hasStatus ? withFields(tracked, { status: undefined }) : tracked;
  const created = behaviour.onCreate(withDefaults(fresh, definition.schema));
  refuseInvalid(created, undefined, definition);
  return created;
}

interface Change {
  readonly request: WriteRequest;
  readonly deps: WriteDeps;
  /** Server-side apply has settled who owns what. */
  readonly isApplied?: boolean;
  /** The body is the whole object, not a patch of it. */
  readonly isReplace?: boolean;
}

type Staleness = Pick<WriteRequest, 'definition' | 'name'> & { readonly isReplace: boolean };

function change(wanted: JsonObject, old: JsonObject, { request, deps, ...how }: Change): Written {
  const { definition, subresource } = request;
  refuseStale(wanted, old, { ...request, isReplace: how.isReplace === true });
  const kept = subresource === '' ? keepStatus(wanted, old, definition) : onlyStatus(wanted, old);
  const filled = definition.behaviour.fillIn(withDefaults(fixMetadata(kept, old), definition.schema));
  const counted = countGeneration(filled, old, definition);
  const owned =
    how.isApplied === true ? counted : trackUpdate(old, counted, contextOf(request, 'Update', deps));
  refuseInvalid(owned, old, definition);
  if (isSame(owned, old)) return { object: old, isCreated: false, warnings: [] };
  return { ...store(owned, request, deps), isCreated: false };
}

function refuseStale(wanted: JsonObject, old: JsonObject, { definition, name, isReplace }: Staleness): void {
  const subject = subjectOf(definition, name);
  const [sent, stored] = [metadataOf(wanted), metadataOf(old)];
  const [uid, storedUid] = [textAt(sent, 'uid'), textAt(stored, 'uid')];
  if (uid !== '' && uid !== storedUid && isReplace) {
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${storedUid}`,
    );
  }
  const version = textAt(sent, 'resourceVersion');
  if (version !== '' && version !== stored['resourceVersion']) throw conflict(subject, modifiedSince);
  if (uid !== '' && uid !== storedUid) {
    throw invalid(subject, [invalidValue('metadata.uid', uid, 'field is immutable')]);
  }
}

function keepStatus(wanted: JsonObject, old: JsonObject, definition: ResourceDefinition): JsonObject {
  return definition.hasStatus ? withFields(wanted, { status: old['status'] }) : wanted;
}

function onlyStatus(wanted: JsonObject, old: JsonObject): JsonObject {
  const managedFields = metadataOf(wanted)['managedFields'];
  return withFields(withMetadata(old, managedFields === undefined ? {} : { managedFields }), {
    status: wanted['status'],
  });
}

/** What no client can set. */
function fixMetadata(object: JsonObject, old: JsonObject): JsonObject {
  const before = metadataOf(old);
  const fixed = [
    'uid',
    'creationTimestamp',
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'name',
  ];
  return withMetadata(object, {
    ...Object.fromEntries(fixed.map((name) => [name, before[name]])),
    resourceVersion: before['resourceVersion'],
    generateName: before['generateName'],
  });
}

function countGeneration(object: JsonObject, old: JsonObject, definition: ResourceDefinition): JsonObject {
  if (!definition.behaviour.hasGeneration) return object;
  const parts = definition.behaviour.isTyped ? ['spec'] : Object.keys({ ...object, ...old });
  const isChanged = parts
    .filter((name) => name !== 'metadata' && !(definition.hasStatus && name === 'status'))
    .some((name) => !isDeepStrictEqual(object[name], old[name]));
  if (!isChanged) return object;
  return withMetadata(object, { generation: (numberAt(metadataOf(old), 'generation') ?? 0) + 1 });
}

function refuseInvalid(
  object: JsonObject,
  old: JsonObject | undefined,
  definition: ResourceDefinition,
): void {
  const errors = validateObject(object, old, definition);
  if (errors.length > 0) throw invalid(subjectOf(definition, textAt(metadataOf(object), 'name')), errors);
}

/** Apart from when somebody last wrote what it owns anyway. */
function isSame(object: JsonObject, old: JsonObject): boolean {
  const timeless = (value: JsonObject) =>
    withMetadata(value, {
      managedFields: listAt(metadataOf(value), 'managedFields').map((entry) =>
        withFields(entry, { time: undefined }),
      ),
    });
  return isDeepStrictEqual(timeless(object), timeless(old));
}

function store(object: JsonObject, request: WriteRequest, deps: WriteDeps): Written {
  if (request.dryRun) return { object, isCreated: true, warnings: [] };
  const resource = resourceKeyOf(request.definition);
  const stored = deps.store.put(resource, object);
  if (isGone(stored)) deps.store.remove(resource, storeKey(stored));
  return { object: stored, isCreated: true, warnings: [] };
}

/** An object being deleted goes when the last finalizer is taken off, and its time to end in peace is over. */
function isGone(object: JsonObject): boolean {
  const metadata = metadataOf(object);
  const isWaiting =
    stringsAt(metadata, 'finalizers').length > 0 ||
    stringsAt(objectAt(object, 'spec'), 'finalizers').length > 0;
  return (
    textAt(metadata, 'deletionTimestamp') !== '' &&
    !isWaiting &&
    (numberAt(metadata, 'deletionGracePeriodSeconds') ?? 0) === 0
  );
}
