import type { JsonObject } from '../../../lib/json.ts';
import type { ResourceType } from '../../../operator/runtime/objects.ts';
import type { CelValidator } from './cel-rules.ts';
import type { FieldError } from './field-error.ts';
import type { Subject } from './status-error.ts';
import type { Schema } from './structural-schema.ts';

/** A column of `millrace get`, as a CRD's `additionalPrinterColumns` gives it. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  /** Above 0: shown by `-o wide` alone. */
  readonly priority?: number;
  readonly jsonPath: string;
}

/** A kind that this server serves. */
export interface ResourceDefinition extends ResourceType {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly columns: readonly PrinterColumn[];
  /** Of the whole object, metadata included. */
  readonly schema: Schema;
  readonly hasStatus: boolean;
  readonly behaviour: KindBehaviour;
  /** The CEL rules of a CRD. */
  readonly rules: CelValidator | undefined;
}

/** What a kind does beside what its schema says. All functions are pure. */
export interface KindBehaviour {
  /** A mistake in the type of a field is a body that cannot be read (400), not an invalid object (422). */
  readonly isTyped: boolean;
  /** A PUT must carry the resourceVersion that it replaces. */
  readonly needsResourceVersion: boolean;
  /** Whether the generation counts changes of the spec. */
  readonly hasGeneration: boolean;
  /** Fills in what is absent, on each write. */
  fillIn(object: JsonObject): JsonObject;
  /** Changes that only a create makes, after defaults. */
  onCreate(object: JsonObject): JsonObject;
  validate(object: JsonObject, old: JsonObject | undefined): readonly FieldError[];
  /** Seconds that a deletion leaves the object to end in peace; 0: it goes at once. */
  gracePeriod(object: JsonObject, asked: number | undefined): number;
}

export const plainBehaviour: KindBehaviour = {
  isTyped: true,
  needsResourceVersion: false,
  hasGeneration: false,
  fillIn: (object) => object,
  onCreate: (object) => object,
  validate: () => [],
  gracePeriod: () => 0,
};

/** Under which the store keeps the objects of a kind. */
export function resourceKeyOf(definition: Pick<ResourceDefinition, 'group' | 'plural'>): string {
  return `${definition.group}/${definition.plural}`;
}

export function subjectOf(definition: ResourceDefinition, name: string): Subject {
  return { group: definition.group, resource: definition.plural, kind: definition.kind, name };
}
