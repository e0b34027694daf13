import { TerminalError } from '../errors.ts';
import type { Transaction } from './database.ts';

/**
 * Refuses the write of a leader that another has followed. The row stays locked until the transaction ends,
 * so a follower takes its epoch either before, and is seen here, or after this transaction is over.
 */
export async function assertLeader(tx: Transaction, schema: string, epoch: number): Promise<void> {
  const [leader] = await tx.query<{ epoch: number }>(`SELECT epoch FROM ${schema}.leader FOR SHARE`);
  if (leader?.epoch === epoch) return;
  throw new TerminalError({
    reason: 'LeaderFenced',
    message: `This operator led with epoch ${String(epoch)} and is followed by another with ${String(leader?.epoch ?? 0)}: it must stop writing.`,
  });
}
