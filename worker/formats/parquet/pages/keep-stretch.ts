import type { RandomAccessFile } from '../../format.ts';

/** A file of which one stretch is read once and kept; what lies elsewhere is read as before. */
export async function keepStretch(
  file: RandomAccessFile,
  { first, end }: { readonly first: number; readonly end: number },
  signal: AbortSignal,
): Promise<RandomAccessFile> {
  const kept = await file.read(first, end, signal);
  return {
    size: file.size,
    read: async (from, to, until) =>
      from >= first && to <= end ? kept.subarray(from - first, to - first) : await file.read(from, to, until),
  };
}
