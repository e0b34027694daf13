import assert from 'node:assert/strict';
import { isJsonObject } from '../../lib/json.ts';
import { kinds } from '../../crds/names.ts';
import { objectPath, type ResourceType } from '../../operator/runtime/objects.ts';
import { patchContentTypes, type ApiResponse, type ApiTransport } from '../../operator/runtime/transport.ts';
import type { CrdCase } from './crd-cases.ts';
import type { Manifest } from './manifests.ts';

/** Applies what a case says in an empty namespace, and asserts what comes of it. */
export async function runCrdCase(
  transport: ApiTransport,
  namespace: string,
  crdCase: CrdCase,
): Promise<void> {
  let answer = await applyManifest(transport, namespace, crdCase.object);
  if (crdCase.update !== undefined) {
    assertAccepted(answer);
    answer = await applyManifest(transport, namespace, crdCase.update);
  }
  const { expect } = crdCase;
  if (expect.kind === 'refused') {
    assertRefused(answer, expect.field, expect.message);
    return;
  }
  assertAccepted(answer);
  for (const [path, value] of Object.entries(expect.values ?? {})) {
    assert.deepEqual(valueAt(answer.body, path), value, path);
  }
}

/** Server-side apply, always by the same manager, with unknown fields refused. */
export function applyManifest(
  transport: ApiTransport,
  namespace: string,
  manifest: Manifest,
): Promise<ApiResponse> {
  const { kind, metadata } = manifest;
  const type: ResourceType = {
    group: 'millrace.dev',
    version: 'v1alpha1',
    kind,
    plural: kinds[kind].plural,
    namespaced: true,
  };
  return transport.request({
    method: 'PATCH',
    path: objectPath(type, { namespace, name: metadata.name }),
    query: { fieldManager: 'crd-cases', force: 'true', fieldValidation: 'Strict' },
    headers: { 'content-type': patchContentTypes.apply },
    body: { ...manifest, metadata: { ...metadata, namespace } },
  });
}

function assertAccepted(answer: ApiResponse): void {
  assert.ok(answer.status < 300, `refused: ${JSON.stringify(answer.body)}`);
}

/**
 * With a field: one of the answer's causes names it and says the message. Without: the answer's own message does, as
 * for what server-side apply refuses before any validation.
 */
function assertRefused(answer: ApiResponse, field: string, message: string): void {
  assert.ok(answer.status >= 400, `accepted: ${JSON.stringify(answer.body)}`);
  const body = isJsonObject(answer.body) ? answer.body : {};
  if (field === '') {
    assert.ok(textOf(body['message']).includes(message), JSON.stringify(body));
    return;
  }
  assert.equal(answer.status, 422, JSON.stringify(body));
  const details = isJsonObject(body['details']) ? body['details'] : {};
  const causes = Array.isArray(details['causes']) ? details['causes'].filter(isJsonObject) : [];
  const found = causes.some(
    (cause) => cause['field'] === field && textOf(cause['message']).includes(message),
  );
  assert.ok(found, `no cause at ${field} says "${message}": ${JSON.stringify(causes, undefined, 1)}`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `spec.files.csv`, `spec.tolerations[2].operator`. */
function valueAt(object: unknown, path: string): unknown {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  return steps.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    object,
  );
}
