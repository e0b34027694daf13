import { roomsAround } from './room-paths.ts';
import {
  coreHomes,
  impureGlobals,
  impureProperties,
  packageHomes,
  productRooms,
  pureMayReach,
  rooms,
  sizes,
} from './table.ts';
import type { Room } from './table.ts';

type Rule = 'off' | 'error' | readonly ['error', ...unknown[]];
type Rules = Readonly<Record<string, Rule>>;

interface Override {
  readonly files: readonly string[];
  readonly rules: Rules;
}

/** What `.oxlintrc.json` holds: the rules of the house, then those of each room. */
export function lintConfig(): object {
  return {
    $schema: './node_modules/oxlint/configuration_schema.json',
    plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'promise'],
    categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
    options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
    env: { builtin: true, node: true },
    rules: { ...houseRules, ...sizeRules },
    overrides: [...roomOverrides(), ...exemptions],
    ignorePatterns: ['node_modules', 'crds/generated', 'test/golden'],
  };
}

const testCalls = { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] };

/** Beside the categories. Those that are off come with a category and say less than they cost. */
const houseRules: Rules = {
  eqeqeq: 'error',
  'import/no-cycle': 'error',
  'import/no-default-export': 'error',
  'import/no-named-as-default-member': 'off',
  'import/no-unassigned-import': 'off',
  'no-await-in-loop': 'off',
  'no-console': 'error',
  'no-param-reassign': 'error',
  'no-shadow': 'off',
  'no-underscore-dangle': 'off',
  'no-var': 'error',
  'node/no-process-env': 'error',
  'oxc/no-map-spread': 'off',
  'prefer-const': 'error',
  'promise/always-return': 'off',
  'promise/no-multiple-resolved': 'off',
  'typescript/consistent-return': 'off',
  'typescript/consistent-type-imports': 'error',
  'typescript/no-explicit-any': 'error',
  'typescript/no-floating-promises': ['error', { allowForKnownSafeCalls: [testCalls] }],
  'typescript/no-misused-promises': 'error',
  'typescript/no-unsafe-enum-comparison': 'off',
  'typescript/no-unsafe-type-assertion': 'off',
  'typescript/only-throw-error': 'error',
  'typescript/prefer-promise-reject-errors': 'off',
  'typescript/unbound-method': 'off',
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'unicorn/consistent-function-scoping': 'off',
  'unicorn/filename-case': ['error', { case: 'kebabCase' }],
};

const skipped = { skipBlankLines: true, skipComments: true };

const sizeRules: Rules = {
  complexity: ['error', { max: sizes.complexity }],
  'max-depth': ['error', { max: sizes.depth }],
  'max-lines': ['error', { max: sizes.linesOfFile, ...skipped }],
  'max-lines-per-function': ['error', { max: sizes.linesOfFunction, ...skipped }],
  'max-params': ['error', { max: sizes.parameters }],
};

/** Each is whole in itself, since the options of overlapping overrides replace each other. */
const exemptions: readonly Override[] = [
  {
    files: ['**/main.ts', '**/config.ts', 'test/**', 'tools/**', 'bench/**'],
    rules: { 'node/no-process-env': 'off' },
  },
  { files: ['tools/**', 'bench/**', 'test/**'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**'],
    rules: { complexity: 'off', 'max-lines': 'off', 'max-lines-per-function': 'off' },
  },
];

/** The widest room first, so that what a narrow one says, with all that the rooms around it say, comes last. */
function roomOverrides(): readonly Override[] {
  const narrowing: readonly Room[] = rooms.toSorted((a: Room, b: Room) => partsOf(a) - partsOf(b));
  return [...narrowing, ...homes()].map((room) => ({
    files: filesOf(room.path),
    rules: roomRules(room.path),
  }));
}

/** Homes of packages that are no rooms of their own still need their exceptions from the fences. */
function homes(): readonly Pick<Room, 'path'>[] {
  const known = new Set<string>(rooms.map((room) => room.path));
  const all = Object.values({ ...packageHomes, ...coreHomes }).flat();
  return [...new Set(all)].filter((path) => !known.has(path)).map((path) => ({ path }));
}

function roomRules(path: string): Rules {
  const pure = roomsAround(path).some((room) => room.pure);
  const patterns = [...foreignRooms(path), ...foreignModules(path, pure)];
  return {
    ...(patterns.length > 0 && { 'no-restricted-imports': ['error', { patterns }] as const }),
    ...(pure && {
      'no-restricted-globals': ['error', ...globals()] as const,
      'no-restricted-properties': ['error', ...properties()] as const,
    }),
  };
}

type Pattern = { readonly message: string } & (
  { readonly regex: string } | { readonly group: readonly string[] }
);

/** The linter sees only what an import says, so it judges top-level rooms; the graph check judges all. */
function foreignRooms(path: string): readonly Pattern[] {
  const own = path.split('/', 1)[0];
  const allowed = roomsAround(path).findLast((room) => room.mayImport !== undefined)?.mayImport ?? [];
  const foreign = rooms.map((room) => room.path).filter((name) => !name.includes('/') && name !== own);
  return foreign
    .filter((name) => !allowed.includes(name))
    .map((name) => ({ regex: `^(\\.\\./)+${name}/`, message: `${path} may not import ${name}.` }));
}

function foreignModules(path: string, pure: boolean): readonly Pattern[] {
  if (!productRooms.some((room) => path === room || path.startsWith(`${room}/`))) return [];
  const fences = [
    ...Object.entries(packageHomes).map(([name, at]) => ({ regex: packageRegex(name), name, at })),
    ...Object.entries(coreHomes).map(([name, at]) => ({ regex: `^node:${name}$`, name, at })),
  ];
  return [
    ...fences
      .filter(({ at }) => !at.some((home) => path === home || path.startsWith(`${home}/`)))
      .map(fencePattern),
    ...(pure ? [{ group: impureCore(), message: `${path} is pure: computation only.` }] : []),
  ];
}

function fencePattern({ regex, name, at }: { regex: string; name: string; at: readonly string[] }): Pattern {
  return {
    regex,
    message: at.length === 0 ? `${name} is not used here.` : `The home of ${name} is ${at.join(', ')}.`,
  };
}

function packageRegex(name: string): string {
  return name.endsWith('/*') ? `^${name.slice(0, -1)}` : `^${name}($|/)`;
}

function impureCore(): readonly string[] {
  return ['node:*', 'node:*/*', ...pureMayReach.core.map((name) => `!node:${name}`)];
}

function globals(): readonly object[] {
  return Object.entries(impureGlobals).map(([name, says]) => ({
    name,
    message: `This room is pure: ${says}.`,
  }));
}

function properties(): readonly object[] {
  return impureProperties.map(({ says, ...rest }) => ({ ...rest, message: `This room is pure: ${says}.` }));
}

function filesOf(path: string): readonly string[] {
  return [path.endsWith('.ts') ? path : `${path}/**`];
}

function partsOf(room: Room): number {
  return room.path.split('/').length;
}
