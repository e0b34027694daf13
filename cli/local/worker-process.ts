/**
 * What the local mode starts as a worker: `worker/main.ts`, and a watch over the process that started it. In a cluster
 * the kubelet outlives its pods' questions; here the runner may be killed, and a worker that nobody can stop any more
 * must not go on with whatever the ledger holds.
 *
 * Standard input is a pipe that the runner holds and never writes to. When it ends, the runner is gone: the worker is
 * stopped as by SIGTERM, gives its files back, and is made to end if that takes too long.
 */
import process from 'node:process';

const graceMs = 30_000;

function stopWithRunner(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), graceMs).unref();
}

// Nobody reads its output either then, and that is no failure of the worker's.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.stdin.once('close', stopWithRunner).on('error', () => {});
process.stdin.resume().unref();

await import('../../worker/main.ts');
