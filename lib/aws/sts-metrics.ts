import type { Metrics } from '../metrics.ts';
import type { IdentityObserver } from './identity-plan.ts';

const buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts requests to STS and the sessions that came of them. No account and no role is a label. */
export function createStsMetrics(metrics: Metrics, role: 'operator' | 'worker'): IdentityObserver {
  const requests = metrics.counter({
    name: 'millrace_sts_requests_total',
    help: 'Requests to STS by HTTP status; none: no answer came',
    labels: ['operation', 'code', 'role'] as const,
  });
  const seconds = metrics.histogram({
    name: 'millrace_sts_request_duration_seconds',
    help: 'From a request to STS to the beginning of its answer',
    labels: ['operation', 'role'] as const,
    buckets,
  });
  const renewals = metrics.counter({
    name: 'millrace_credential_refresh_total',
    help: 'Temporary credentials that were asked for, by how: webIdentity, ambient, role; and outcome: renewed, failed',
    labels: ['mode', 'outcome', 'role'] as const,
  });
  return {
    answered: ({ operation, code, seconds: took }) => {
      requests.inc({ operation, code, role });
      seconds.observe({ operation, role }, took);
    },
    received: () => {},
    renewed: (mode, outcome) => renewals.inc({ mode, outcome, role }),
  };
}
