import type { Metrics } from '../metrics.ts';
import type { RequestObserver } from './request-observer.ts';

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What throttling looks like: S3's 503 SlowDown, and the 429 of other stores. */
const throttling: ReadonlySet<string> = new Set(['429', '503']);

/** Counts requests to S3. Operations and codes are closed lists; no bucket and no key is a label. */
export function createS3Metrics(metrics: Metrics, role: 'operator' | 'worker'): RequestObserver {
  const requests = metrics.counter({
    name: 'millrace_s3_requests_total',
    help: 'Requests to S3 by HTTP status; none: no answer came',
    labels: ['operation', 'code', 'role'] as const,
  });
  const seconds = metrics.histogram({
    name: 'millrace_s3_request_duration_seconds',
    help: 'From a request to the beginning of its answer',
    labels: ['operation', 'role'] as const,
    buckets,
  });
  const labels = ['operation', 'role'] as const;
  const throttled = metrics.counter({
    name: 'millrace_s3_throttled_total',
    help: 'Requests that S3 answered with 503 or 429',
    labels,
  });
  const retries = metrics.counter({
    name: 'millrace_s3_retries_total',
    help: 'Requests that were not the first try of their call',
    labels,
  });
  const bytes = metrics.counter({
    name: 'millrace_s3_bytes_total',
    help: 'Bytes of bodies of S3',
    labels: ['direction', 'role'] as const,
  });
  return {
    answered: ({ operation, code, seconds: took, repeated }) => {
      requests.inc({ operation, code, role });
      seconds.observe({ operation, role }, took);
      if (throttling.has(code)) throttled.inc({ operation, role });
      if (repeated) retries.inc({ operation, role });
    },
    received: (count) => bytes.inc({ direction: 'in', role }, count),
  };
}
