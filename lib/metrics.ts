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

/** For the documentation. */
export interface DescribedMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Asking twice for one name gives the same metric, so that several queues or controllers can share it. */
export interface Metrics {
  counter<L extends string = never>(spec: MetricSpec<L>): Counter<L>;
  gauge<L extends string = never>(spec: MetricSpec<L>): Gauge<L>;
  histogram<L extends string = never>(spec: HistogramSpec<L>): Histogram<L>;
  /** Called before each rendering, to set gauges that are read rather than counted. Gives the removal. */
  beforeRender(collect: () => void): () => void;
  /** All but those of the process, in the order of their names. */
  describe(): readonly DescribedMetric[];
  /** The text that a scrape gets. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** @param options.process also report memory, CPU, event loop lag and garbage collection of this process */
export function createMetrics(options: { readonly process?: boolean } = {}): Metrics {
  const registry = new Registry();
  const collectors = new Set<() => void>();
  const described = new Map<string, DescribedMetric>();
  if (options.process === true) collectDefaultMetrics({ register: registry });

  function once<T>(
    kind: DescribedMetric['kind'],
    { name, help, labels = [] }: MetricSpec<string>,
    create: () => T,
  ): T {
    described.set(name, { name, kind, help, labels });
    return (registry.getSingleMetric(name) as T | undefined) ?? create();
  }

  function configOf<L extends string>(spec: MetricSpec<L>) {
    return { name: spec.name, help: spec.help, labelNames: [...(spec.labels ?? [])], registers: [registry] };
  }

  return {
    counter: (spec) => {
      const metric = once('counter', spec, () => new PromCounter(configOf(spec)));
      return { inc: (labels, by = 1) => metric.inc(labels, by) };
    },
    gauge: (spec) => {
      const metric = once('gauge', spec, () => new PromGauge(configOf(spec)));
      return {
        set: (labels, value) => metric.set(labels, value),
        add: (labels, by) => metric.inc(labels, by),
        remove: (labels) => metric.remove(labels),
        reset: () => metric.reset(),
      };
    },
    histogram: (spec) => {
      const create = () => new PromHistogram({ ...configOf(spec), buckets: [...spec.buckets] });
      const metric = once('histogram', spec, create);
      return { observe: (labels, value) => metric.observe(labels, value) };
    },
    beforeRender: (collect) => {
      collectors.add(collect);
      return () => collectors.delete(collect);
    },
    describe: () => [...described.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    render: async () => {
      for (const collect of collectors) collect();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
