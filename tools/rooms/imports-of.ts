import { parseSync, Visitor } from 'oxc-parser';

/** An import as the text of a module says it. */
export interface Specifier {
  /** `node:fs`, `pg`, `./name.ts`; undefined where it is computed. */
  readonly names: string | undefined;
  /** Gone when the program runs: `import type`, `export type … from`, `import('…')` within a type. */
  readonly typeOnly: boolean;
}

/** Everything that a module imports, in the order of the text, however it says so. */
export function importsOf(path: string, text: string): readonly Specifier[] {
  const found: Specifier[] = [];
  const add = (names: unknown, typeOnly: boolean): void => {
    found.push({ names: typeof names === 'string' ? names : undefined, typeOnly });
  };
  new Visitor({
    ImportDeclaration: ({ source, importKind }) => add(source.value, importKind === 'type'),
    ExportAllDeclaration: ({ source, exportKind }) => add(source.value, exportKind === 'type'),
    ExportNamedDeclaration: ({ source, exportKind }) => {
      if (source !== null) add(source.value, exportKind === 'type');
    },
    ImportExpression: ({ source }) => add('value' in source ? source.value : undefined, false),
    TSImportType: ({ source }) => add(source.value, true),
  }).visit(programOf(path, text));
  return found;
}

/** @throws what the parser has against the text. */
export function programOf(path: string, text: string): ReturnType<typeof parseSync>['program'] {
  const { program, errors } = parseSync(path, text);
  const [first] = errors;
  if (first !== undefined) throw new Error(`${path}: ${first.message}`);
  return program;
}
