import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ticksPerSecond = 100;

/**
 * CPU milliseconds that a PostgreSQL has used so far, its ended and its living processes together; undefined where
 * the system does not tell (it takes Linux).
 */
export async function databaseCpuMs(folder: string): Promise<number | undefined> {
  try {
    const [pid = ''] = (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n');
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
    const own = await ticksOf(pid);
    const living = await Promise.all(children.filter((child) => child !== '').map(ticksOf));
    const ticks = own.self + own.ended + living.reduce((sum, { self }) => sum + self, 0);
    return (ticks * 1000) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** A process that has ended meanwhile counts among the ended ones of its parent. */
async function ticksOf(pid: string): Promise<{ readonly self: number; readonly ended: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name, in parentheses, may hold spaces; the numbers follow it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const at = (index: number): number => Number(fields[index] ?? 0);
  return { self: at(11) + at(12), ended: at(13) + at(14) };
}
