import type { Reject } from '../../contract/event.ts';
import { cleanText, cutText } from '../clean-text.ts';
import { encodeCopy } from '../copy.ts';
import type { BatchContext } from './commit-batch.ts';

/** Of one reject's raw text and of its reason, in bytes of UTF-8. */
const maxRawBytes = 4096;
const maxColumnBytes = 256;

export async function storeRejects(
  { tx, schema, claim }: BatchContext,
  rejects: readonly Reject[],
  stamp: string | undefined,
): Promise<void> {
  if (rejects.length === 0) return;
  await tx.copy(
    `COPY ${schema}.rejects (source_id, file_id, file_row, byte_offset, at, column_name, reason, raw) FROM STDIN`,
    encodeCopy(rejects, ({ row, offset, column, reason, raw }) => [
      claim.sourceId,
      claim.fileId,
      row,
      offset,
      stamp,
      column === undefined ? undefined : storable(column, maxColumnBytes),
      storable(reason, maxRawBytes),
      storable(raw, maxRawBytes),
    ]),
  );
}

/** Cleaned again after the cut, which may have halved a pair of surrogates, and before the measure, since U+FFFD is longer than NUL. */
function storable(text: string, maxBytes: number): string {
  return cutText(cleanText(text.slice(0, maxBytes)), maxBytes);
}
