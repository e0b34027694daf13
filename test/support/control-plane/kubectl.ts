import { execFile } from 'node:child_process';
import { join } from 'node:path';

export interface KubectlOptions {
  /** Text for its standard input, e.g. a manifest for `-f -`. */
  readonly input?: string;
}

/** Runs kubectl against the control plane; its standard output. Throws with what it wrote if it fails. */
export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<string>;

export interface KubectlDeps {
  readonly program: string;
  readonly kubeconfigPath: string;
  /** For its caches. */
  readonly folder: string;
}

export function createKubectl({ program, kubeconfigPath, folder }: KubectlDeps): Kubectl {
  const common = [`--kubeconfig=${kubeconfigPath}`, `--cache-dir=${join(folder, 'kubectl-cache')}`];
  return (args, options = {}) =>
    new Promise((resolve, reject) => {
      const limits = { timeout: 120_000, maxBuffer: 64 * 2 ** 20 };
      const child = execFile(program, [...common, ...args], limits, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else
          reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
      });
      child.stdin?.end(options.input ?? '');
    });
}
