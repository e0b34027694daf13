/** Sets of indexes in the compressed text of a Job's status: `1,3-5`, with two neighbours written as `1,2`. */

export function parseIndexes(text: string | undefined, completions: number): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? '').split(',').filter((item) => item !== '')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    for (let index = first; index <= last && index < completions; index += 1) indexes.add(index);
  }
  return indexes;
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const runs: [number, number][] = [];
  for (const index of [...indexes].toSorted((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run?.[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(formatRun).join(',');
}

function formatRun([first, last]: readonly [number, number]): string {
  if (first === last) return String(first);
  return `${String(first)}${last === first + 1 ? ',' : '-'}${String(last)}`;
}
