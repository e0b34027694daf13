/** The one home of prom-client. A registry is made by the composition root and handed down; there is no global one. */

import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
  collectDefaultMetrics,
} from 'prom-client';

export type Labels<L extends string> = Readonly<Record<L, string>>;

export interface Counter<L extends string = never> {
  inc(labels: Labels<L>, by?: number): void;
}

export interface Gauge<L extends string = never> {
  set(labels: Labels<L>, value: number): void;
  add(labels: Labels<L>, by: number): void;
  remove(labels: Labels<L>): void;
  /** Removes all label sets. */
  reset(): void;
}

export interface Histogram<L extends string = never> {
  observe(labels: Labels<L>, value: number): void;
}

export interface MetricSpec<L extends string> {
  /** With unit and, for counters, `_total`, after the rules of Prometheus. */
  readonly name: string;
  readonly help: string;
  /** Never the name of an object, unless their number is bounded. */
  readonly labels?: readonly L[];
}

export interface HistogramSpec<L extends string> extends MetricSpec<L> {
  /** Upper bounds, in the unit of the name. */
  readonly buckets: readonly number[];
}

/** Asking twice for one name gives the same metric, so that several queues or controllers can share it. */
export interface Metrics {
  counter<L extends string = never>(spec: MetricSpec<L>): Counter<L>;
  gauge<L extends string = never>(spec: MetricSpec<L>): Gauge<L>;
  histogram<L extends string = never>(spec: HistogramSpec<L>): Histogram<L>;
  /** Called before each rendering, to set gauges that are read rather than counted. Gives the removal. */
  beforeRender(collect: () => void): () => void;
  /** The text that a scrape gets. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** @param options.process also report memory, CPU, event loop lag and garbage collection of this process */
export function createMetrics(options: { readonly process?: boolean } = {}): Metrics {
  const registry = new Registry();
  const collectors = new Set<() => void>();
  if (options.process === true) collectDefaultMetrics({ register: registry });

  function once<T>(name: string, create: () => T): T {
    return (registry.getSingleMetric(name) as T | undefined) ?? create();
  }

  function configOf<L extends string>(spec: MetricSpec<L>) {
    return { name: spec.name, help: spec.help, labelNames: [...(spec.labels ?? [])], registers: [registry] };
  }

  return {
    counter: (spec) => {
      const metric = once(spec.name, () => new PromCounter(configOf(spec)));
      return { inc: (labels, by = 1) => metric.inc(labels, by) };
    },
    gauge: (spec) => {
      const metric = once(spec.name, () => new PromGauge(configOf(spec)));
      return {
        set: (labels, value) => metric.set(labels, value),
        add: (labels, by) => metric.inc(labels, by),
        remove: (labels) => metric.remove(labels),
        reset: () => metric.reset(),
      };
    },
    histogram: (spec) => {
      const create = () => new PromHistogram({ ...configOf(spec), buckets: [...spec.buckets] });
      const metric = once(spec.name, create);
      return { observe: (labels, value) => metric.observe(labels, value) };
    },
    beforeRender: (collect) => {
      collectors.add(collect);
      return () => collectors.delete(collect);
    },
    render: async () => {
      for (const collect of collectors) collect();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
