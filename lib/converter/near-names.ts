/** The known names that are likely meant by an unknown one, nearest first, at most three. */
export function nearNames(unknown: string, known: readonly string[]): string[] {
  const wanted = unknown.slice(0, 64).toLowerCase();
  const allowed = wanted.length <= 4 ? 1 : wanted.length <= 8 ? 2 : 3;
  return known
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ distance, name }) => distance <= allowed || isPartOf(wanted, name))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

function isPartOf(wanted: string, name: string): boolean {
  return Math.min(wanted.length, name.length) >= 4 && (name.includes(wanted) || wanted.includes(name));
}

/** Letters to insert, remove or replace to make `b` of `a` (Levenshtein), row by row. */
function distanceOf(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
