/**
 * Loaded before a measured program (`node --import`): writes what the process has used when it ends, since Node tells
 * nothing of a child's usage.
 */
import { writeFileSync } from 'node:fs';
import { usageVariable, type Usage } from './run-measured.ts';

const path = process.env[usageVariable];
if (path !== undefined) {
  const startedAt = performance.now();
  process.once('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage: Usage = {
      cpuMs: (userCPUTime + systemCPUTime) / 1000,
      peakMiB: maxRSS / 1024,
      wallMs: performance.now() - startedAt,
    };
    writeFileSync(path, JSON.stringify(usage));
  });
}
