import { corrupt, notSupported } from '../errors.ts';
import type { SchemaElement } from './elements.ts';

/** A node of the schema, with the levels that its entries have. */
export interface SchemaNode {
  readonly element: SchemaElement;
  /** Names from the root on, e.g. `user.tags.list.element`. */
  readonly path: string;
  readonly children: readonly SchemaNode[];
  /** The definition level at which it is there, and the repetition level of its repetition. */
  readonly def: number;
  readonly rep: number;
  /** The columns under it: from `first` to before `last`. */
  readonly first: number;
  readonly last: number;
}

export interface SchemaTree {
  readonly root: SchemaNode;
  /** The leaves in the order of their columns. */
  readonly columns: readonly SchemaNode[];
}

/** Columns of one file: each takes memory of its own while a row group is read. */
const maxColumns = 10_000;

/** The schema as a tree. `maxDepth` bounds the nesting of what records are made of. */
export function buildSchemaTree(elements: readonly SchemaElement[], maxDepth: number): SchemaTree {
  const builder = new TreeBuilder(elements, maxDepth);
  const root = builder.build({ path: '', def: 0, rep: 0 }, 0);
  if (builder.taken !== elements.length) throw corrupt('its schema has more fields than its groups hold');
  if (root.element.physical !== undefined) throw corrupt('its schema is one value, not a record');
  return { root, columns: builder.columns };
}

class TreeBuilder {
  readonly columns: SchemaNode[] = [];
  taken = 0;
  readonly #elements: readonly SchemaElement[];
  readonly #maxDepth: number;

  constructor(elements: readonly SchemaElement[], maxDepth: number) {
    this.#elements = elements;
    this.#maxDepth = maxDepth;
  }

  build(parent: Pick<SchemaNode, 'path' | 'def' | 'rep'>, depth: number): SchemaNode {
    const element = this.#elements[this.taken];
    if (element === undefined) throw corrupt('its schema ends within a group');
    if (depth > this.#maxDepth) {
      throw notSupported(`its schema is nested more than ${this.#maxDepth} levels deep`, 'Flatten it.');
    }
    this.taken += 1;
    const at = depth === 0 ? { path: '', def: 0, rep: 0 } : placeOf(element, parent, depth);
    const first = this.columns.length;
    if (element.physical !== undefined) return this.#addColumn({ element, ...at, children: [], first });
    const children: SchemaNode[] = [];
    for (let index = 0; index < element.children; index += 1) children.push(this.build(at, depth + 1));
    if (children.length === 0 && depth > 0)
      throw corrupt(`its group ${JSON.stringify(at.path)} has no fields`);
    return { element, ...at, children, first, last: this.columns.length };
  }

  #addColumn(leaf: Omit<SchemaNode, 'last'>): SchemaNode {
    const node = { ...leaf, last: leaf.first + 1 };
    this.columns.push(node);
    if (this.columns.length > maxColumns) {
      throw notSupported(`it has more than ${maxColumns} columns`, 'Write the columns that are needed.');
    }
    return node;
  }
}

function placeOf(
  element: SchemaElement,
  parent: Pick<SchemaNode, 'path' | 'def' | 'rep'>,
  depth: number,
): Pick<SchemaNode, 'path' | 'def' | 'rep'> {
  return {
    path: depth === 1 ? element.name : `${parent.path}.${element.name}`,
    def: parent.def + (element.repetition === 'required' ? 0 : 1),
    rep: parent.rep + (element.repetition === 'repeated' ? 1 : 0),
  };
}
