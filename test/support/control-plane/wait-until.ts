import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the condition holds; throws after `ms` milliseconds, naming what it waited for. */
export async function waitUntil(
  what: string,
  ms: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain until ${what}`);
    await sleep(50);
  }
}
