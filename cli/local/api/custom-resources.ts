import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { kindNames, manifestURL } from '../../../crds/names.ts';
import { messageOf, TerminalError } from '../../../lib/errors.ts';
import { metadataSchema } from './builtin-resources.ts';
import { compileRules } from './cel-rules.ts';
import { plainBehaviour, type PrinterColumn, type ResourceDefinition } from './resource-definition.ts';
import type { Schema } from './structural-schema.ts';

/** A CustomResourceDefinition, as far as this server reads it. */
export interface CustomResourceDefinition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly singular?: string;
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    };
    readonly versions: readonly CustomResourceVersion[];
  };
}

interface CustomResourceVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly subresources?: { readonly status?: object };
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
}

/** The kinds of `crds/*.yaml`. Throws when a schema of theirs asks for what this server cannot do. */
export function customResources(): readonly ResourceDefinition[] {
  return kindNames.map((kind) =>
    defineResource(parse(readFileSync(manifestURL(kind), 'utf8')) as CustomResourceDefinition),
  );
}

function defineResource(crd: CustomResourceDefinition): ResourceDefinition {
  const { group, names, scope, versions } = crd.spec;
  const version = versions.find((candidate) => candidate.storage);
  if (version === undefined) throw cannotServe(crd, 'no version of it is stored');
  const schema = version.schema.openAPIV3Schema;
  refuseForeignPatterns(schema, crd, names.kind);
  return {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    columns: version.additionalPrinterColumns ?? [
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    namespaced: scope === 'Namespaced',
    hasStatus: version.subresources?.status !== undefined,
    schema: withObjectFields(schema),
    behaviour: { ...plainBehaviour, isTyped: false, needsResourceVersion: true, hasGeneration: true },
    rules: compileRules(schema, names.kind),
  };
}

function withObjectFields(schema: Schema): Schema {
  const text: Schema = { type: 'string' };
  const metadata = metadataSchema();
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } };
}

/** The API server reads patterns as RE2; what JavaScript would read in another way must not pass unnoticed. */
function refuseForeignPatterns(schema: Schema, crd: CustomResourceDefinition, path: string): void {
  if (schema.pattern !== undefined) {
    try {
      RegExp(schema.pattern, 'u');
    } catch (error) {
      throw cannotServe(crd, `the pattern at ${path} is not one of JavaScript: ${messageOf(error)}`);
    }
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    refuseForeignPatterns(field, crd, `${path}.${name}`);
  }
  if (schema.items) refuseForeignPatterns(schema.items, crd, `${path}[*]`);
  if (typeof schema.additionalProperties === 'object') {
    refuseForeignPatterns(schema.additionalProperties, crd, `${path}.*`);
  }
}

function cannotServe(crd: CustomResourceDefinition, why: string): TerminalError {
  return new TerminalError({
    reason: 'SchemaNotSupported',
    message: `local mode cannot serve ${crd.metadata.name}: ${why}`,
  });
}
