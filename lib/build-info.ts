import { readFileSync } from 'node:fs';
import type { Metrics } from './metrics.ts';

/** Of the package that this process runs. */
export function versionOfMillrace(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** So that a dashboard can say which release made what it shows. */
export function tellBuild(metrics: Metrics): void {
  const build = metrics.gauge({
    name: 'millrace_build_info',
    help: '1; the release of Millrace, and the Node that runs it',
    labels: ['version', 'node'] as const,
  });
  build.set({ version: versionOfMillrace(), node: process.versions.node }, 1);
}
