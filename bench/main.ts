/**
 * Measures the import on this machine: `node bench/main.ts [--events N] [--rounds N] [--connections N] [SUITE …]`.
 * Prints Markdown, as `bench/README.md` has it.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { suites, type BenchOptions } from './suites.ts';
import { startBenchWorld } from './world/bench-world.ts';

async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      events: { type: 'string', default: '200000' },
      rounds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '2' },
    },
    allowPositionals: true,
  });
  const options: BenchOptions = {
    events: Number(values.events),
    rounds: Number(values.rounds),
    connections: Number(values.connections),
  };
  const [processor] = cpus();
  process.stdout.write(
    `Node ${process.version}, ${String(cpus().length)} × ${processor?.model ?? 'unknown'}.\n`,
  );
  for (const [name, suite] of Object.entries(suites)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const world = await startBenchWorld();
    try {
      process.stdout.write(`\n## ${name}\n\n${await suite(world, options)}\n`);
    } finally {
      await world.stop();
    }
  }
}

await main(process.argv.slice(2));
