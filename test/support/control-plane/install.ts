/**
 * Finds the Kubernetes control plane that the integration tests run against, or builds it.
 *
 *     node test/support/control-plane/install.ts
 *
 * In this order: `KUBEBUILDER_ASSETS`, the cache, a build with Go, `setup-envtest`. The cache lies outside the checkout
 * (`$MILLRACE_CACHE`, else `$XDG_CACHE_HOME/millrace`, else `~/.cache/millrace`), and is keyed by version.
 */

import { execFile, spawn } from 'node:child_process';
import { access, constants, link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const buildFolder = join(import.meta.dirname, 'build');

interface Program {
  /** The folder of `build/` whose go.mod pins it. */
  readonly module: 'kubernetes' | 'etcd';
  /** The package of its main function. */
  readonly source: string;
  /** Not part of what `setup-envtest` downloads. */
  readonly onlyBuilt?: true;
}

const programs = {
  etcd: { module: 'etcd', source: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': { module: 'kubernetes', source: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  kubectl: { module: 'kubernetes', source: 'k8s.io/kubernetes/cmd/kubectl' },
  'kube-controller-manager': {
    module: 'kubernetes',
    source: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    onlyBuilt: true,
  },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;
/** Paths of the programs. */
export type ControlPlanePrograms = Readonly<Record<ProgramName, string>>;

const programNames = Object.keys(programs) as ProgramName[];

/** What of the control plane is on this machine; builds nothing. */
export async function findControlPlane(): Promise<Partial<ControlPlanePrograms>> {
  const found: Partial<Record<ProgramName, string>> = {};
  for (const name of programNames) {
    const places = [inFolder(process.env['KUBEBUILDER_ASSETS'], name), await cachePath(name)];
    for (const path of places) {
      if (found[name] === undefined && path !== undefined && (await isProgram(path))) found[name] = path;
    }
  }
  return found;
}

/** For the `skip` of a suite: a reason where the control plane is missing, unless `CI` asks for a failure instead. */
export async function reasonToSkip(): Promise<string | false> {
  const missing = missingOf(await findControlPlane());
  if (missing.length === 0 || process.env['CI'] === 'true') return false;
  return `no ${missing.join(', ')} on this machine; run: node test/support/control-plane/install.ts`;
}

/** Finds or builds all programs; throws what exactly is missing, and what would help. */
export async function installControlPlane(tell: (line: string) => void): Promise<ControlPlanePrograms> {
  let missing = missingOf(await findControlPlane());
  if (missing.length > 0 && (await isOnPath('go'))) {
    for (const name of missing) await build(name, tell);
  } else if (missing.some((name) => !isOnlyBuilt(name)) && (await isOnPath('setup-envtest'))) {
    await installEnvtest(missing, tell);
  }
  const found = await findControlPlane();
  missing = missingOf(found);
  if (missing.length > 0) throw new Error(explainMissing(missing));
  return found as ControlPlanePrograms;
}

export function missingOf(found: Partial<ControlPlanePrograms>): readonly ProgramName[] {
  return programNames.filter((name) => found[name] === undefined);
}

export function explainMissing(missing: readonly ProgramName[]): string {
  const onlyBuilt = missing.filter(isOnlyBuilt);
  return [
    `missing for the Kubernetes control plane: ${missing.join(', ')}. One of these helps:`,
    '- put Go (1.25 or newer) on the PATH, and run: node test/support/control-plane/install.ts (10 minutes, once)',
    '- set KUBEBUILDER_ASSETS to a folder that holds them',
    ...(missing.length > onlyBuilt.length
      ? ['- put setup-envtest on the PATH, which downloads binaries']
      : []),
    ...(onlyBuilt.length > 0 ? [`(setup-envtest does not bring ${onlyBuilt.join(', ')})`] : []),
  ].join('\n');
}

function isOnlyBuilt(name: ProgramName): boolean {
  return 'onlyBuilt' in programs[name];
}

function inFolder(folder: string | undefined, name: ProgramName): string | undefined {
  return folder === undefined || folder === '' ? undefined : join(folder, name);
}

export function cacheRoot(): string {
  const { MILLRACE_CACHE, XDG_CACHE_HOME } = process.env;
  return MILLRACE_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace');
}

/** `control-plane-<version of Kubernetes>/<name>`; etcd's own version is part of its name. */
async function cachePath(name: ProgramName): Promise<string> {
  const version = await versionOf(programs[name].module);
  const folder = join(cacheRoot(), `control-plane-${await versionOf('kubernetes')}`);
  return join(folder, name === 'etcd' ? `etcd-${version}` : name);
}

/** The version that the build's go.mod requires: the one place that says it. */
async function versionOf(module: Program['module']): Promise<string> {
  const file = join(buildFolder, module, 'go.mod');
  const pattern = { kubernetes: /k8s\.io\/kubernetes (v\S+)/, etcd: /go\.etcd\.io\/etcd\/server\/v3 (v\S+)/ }[
    module
  ];
  const version = pattern.exec(await readFile(file, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${file} requires no version of ${module}`);
  return version;
}

/** Built in a folder of its own and then moved, so that the cache never holds half a program. */
async function build(name: ProgramName, tell: (line: string) => void): Promise<void> {
  const target = await cachePath(name);
  await withLock(`${target}.lock`, async () => {
    if (await isProgram(target)) return;
    const { module, source } = programs[name];
    const version = await versionOf(module);
    tell(`building ${name} ${version} (some minutes)`);
    const folder = await mkdtemp(`${target}.build-`);
    try {
      const output = join(folder, name);
      const flags = ['-trimpath', '-buildvcs=false', '-ldflags', linkFlags(module, version), '-o', output];
      await run('go', ['build', ...flags, source], join(buildFolder, module));
      await rename(output, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function linkFlags(module: Program['module'], version: string): string {
  if (module === 'etcd') return '-s -w';
  const [major = '', minor = ''] = version.replace(/^v/, '').split('.');
  const facts = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const settings = Object.entries(facts).map(
    ([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
  );
  return ['-s -w', ...settings].join(' ');
}

function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  // Of the go.mod beside it and nothing else: no work file, no settings of the person's own.
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`${command} ${args[0] ?? ''} in ${cwd} ended with ${signal ?? `exit code ${code}`}`),
        );
    });
  });
}

/** Waits while another living process holds the lock; takes over that of a dead one. */
export async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  while (!(await tryLock(path))) {
    if (!(await holderLives(path))) await rm(path, { force: true });
    else await sleep(1_000);
  }
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** The lock appears with its holder's pid in it, never empty: a link to a file that is already written. */
async function tryLock(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function holderLives(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8').catch(() => '0'));
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function installEnvtest(missing: readonly ProgramName[], tell: (line: string) => void): Promise<void> {
  const [, minor] = (await versionOf('kubernetes')).split('.');
  tell(`asking setup-envtest for Kubernetes 1.${minor}`);
  const { stdout } = await promisify(execFile)('setup-envtest', ['use', `1.${minor}.x`, '--print', 'path']);
  for (const name of missing) {
    const path = join(stdout.trim(), name);
    const target = await cachePath(name);
    if (!(await isProgram(path))) continue;
    await mkdir(join(target, '..'), { recursive: true });
    await promisify(execFile)('cp', [path, `${target}.copy-${process.pid}`]);
    await rename(`${target}.copy-${process.pid}`, target);
  }
}

async function isOnPath(command: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && (await isProgram(join(folder, command)))) return true;
  }
  return false;
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

if (import.meta.main) {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    for (const [name, path] of Object.entries(await installControlPlane(tell))) tell(`${name}: ${path}`);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
