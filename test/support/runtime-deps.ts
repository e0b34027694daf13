import { systemClock, type Clock } from '../../lib/clock.ts';
import { createLogger, type Logger } from '../../lib/log.ts';
import { createMetrics, type Metrics } from '../../lib/metrics.ts';
import { createRuntimeMetrics, type RuntimeMetrics } from '../../operator/runtime/runtime-metrics.ts';

/** What parts of the runtime are made with, and what they left there. */
export interface RuntimeDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  readonly registry: Metrics;
  /** Lines logged so far. */
  readonly logged: readonly LoggedLine[];
  /** The value of a metric with these labels; undefined if it has none. */
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number | undefined>;
}

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export function runtimeDeps(
  changes: { readonly clock?: Clock; readonly random?: () => number } = {},
): RuntimeDeps {
  const { clock = systemClock, random = Math.random } = changes;
  const registry = createMetrics();
  const logged: LoggedLine[] = [];
  const write = (line: string): void => void logged.push(JSON.parse(line) as LoggedLine);
  return {
    clock,
    random,
    registry,
    logged,
    log: createLogger({ clock, write, redact: (text) => text, level: 'debug' }),
    metrics: createRuntimeMetrics(registry, 'millrace'),
    metric: async (name, labels = {}) => sampleOf(await registry.render(), name, labels),
  };
}

function sampleOf(text: string, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match?.[1] !== name) continue;
    const found = Object.fromEntries(
      [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v]),
    );
    if (Object.entries(labels).every(([key, value]) => found[key] === value)) return Number(match[3]);
  }
  return undefined;
}
