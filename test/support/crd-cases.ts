/**
 * What the API server makes of manifests: one table, run over the real API server and over the API in memory of the
 * local mode.
 */

import { connectionCases } from './crd-cases/connection-cases.ts';
import { sourceCases } from './crd-cases/source-cases.ts';
import { storeCases } from './crd-cases/store-cases.ts';
import type { CrdCase } from './crd-cases/crd-case.ts';

export type { CrdCase, Expectation } from './crd-cases/crd-case.ts';

export const crdCases: readonly CrdCase[] = [...connectionCases, ...storeCases, ...sourceCases];
