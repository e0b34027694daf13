import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { manifestURL, type Kind } from '../../crds/names.ts';

/** A node of a structural schema, as far as generators look at it. */
export interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly example?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly pattern?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly jsonPath: string;
  /** Above 0: shown by `-o wide` only. */
  readonly priority?: number;
}

/** A CustomResourceDefinition with its one version taken apart. */
export interface Definition {
  readonly kind: Kind;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly columns: readonly PrinterColumn[];
  readonly schema: SchemaNode;
}

interface Manifest {
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly plural: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly additionalPrinterColumns: readonly PrinterColumn[];
      readonly schema: { readonly openAPIV3Schema: SchemaNode };
    }[];
  };
}

export async function readDefinition(kind: Kind): Promise<Definition> {
  const { spec } = parse(await readFile(manifestURL(kind), 'utf8')) as Manifest;
  const [version, ...others] = spec.versions;
  if (version === undefined || others.length > 0) {
    throw new Error(`${kind}: expected one version, found ${spec.versions.length}`);
  }
  return {
    kind,
    group: spec.group,
    version: version.name,
    plural: spec.names.plural,
    shortNames: spec.names.shortNames,
    categories: spec.names.categories,
    columns: version.additionalPrinterColumns,
    schema: version.schema.openAPIV3Schema,
  };
}

/** Whether a reader always finds the field: it is required, or the API server fills it in. */
export function isAlwaysSet(parent: SchemaNode, name: string): boolean {
  const required = parent.required?.includes(name) === true;
  return required || parent.properties?.[name]?.default !== undefined;
}
