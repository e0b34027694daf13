import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { messageOf } from '../lib/errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import type { KubernetesObject } from '../operator/runtime/objects.ts';
import { UsageError } from './command.ts';

/** An object as a person wrote it, and where. */
export interface LoadedManifest {
  readonly object: KubernetesObject & JsonObject;
  /** `file:line` of its first line, for messages. */
  readonly place: string;
}

const endings = ['.yaml', '.yml', '.json'];

/**
 * The objects of files and folders (their YAML and JSON files, in order of name), in the order in which they stand.
 * Anything that cannot be an object of Kubernetes is a `UsageError` that names file and line.
 */
export async function loadManifests(paths: readonly string[]): Promise<readonly LoadedManifest[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  const loaded: LoadedManifest[] = [];
  for (const file of files) loaded.push(...(await loadFile(file)));
  if (loaded.length === 0) throw new UsageError(`there is no object in ${paths.join(', ')}`);
  return loaded;
}

async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => endings.some((ending) => name.endsWith(ending)));
    return names.toSorted().map((name) => join(path, name));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

async function loadFile(file: string): Promise<readonly LoadedManifest[]> {
  const lines = new LineCounter();
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}`);
  });
  const documents = parseAllDocuments(text, { lineCounter: lines });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => readDocument(document, file, lines));
}

function readDocument(document: Document, file: string, lines: LineCounter): readonly LoadedManifest[] {
  const [error] = document.errors;
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    throw new UsageError(`${file}:${line} is no YAML: ${error.message.split('\n')[0] ?? ''}`);
  }
  const value: unknown = document.toJS();
  if (value === null) return [];
  const start = document.contents?.range?.[0] ?? 0;
  return objectsOf(value, `${file}:${lines.linePos(start).line}`);
}

function objectsOf(value: unknown, place: string): readonly LoadedManifest[] {
  if (!isJsonObject(value)) throw new UsageError(`${place} is no object of Kubernetes: it has no fields`);
  if (value['kind'] === 'List' && Array.isArray(value['items'])) {
    return value['items'].flatMap((item) => objectsOf(item, place));
  }
  const { apiVersion, kind, metadata } = value;
  const missing = [
    ...(typeof apiVersion === 'string' ? [] : ['apiVersion']),
    ...(typeof kind === 'string' ? [] : ['kind']),
    ...(isJsonObject(metadata) && typeof metadata['name'] === 'string' ? [] : ['metadata.name']),
  ];
  if (missing.length > 0)
    throw new UsageError(`${place} is no object of Kubernetes: it lacks ${missing.join(', ')}`);
  return [{ object: value as KubernetesObject & JsonObject, place }];
}
