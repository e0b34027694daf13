/** Where two texts part, for a person: the line's number, and the line in both. */
export function firstDifference(found: string | undefined, wanted: string): string {
  if (found === undefined) return 'is missing';
  const [left, right] = [found.split('\n'), wanted.split('\n')];
  const at = right.findIndex((line, index) => line !== left[index]);
  const index = at < 0 ? right.length : at;
  return [
    `differs from line ${index + 1} on`,
    `- ${left[index] ?? '(end of file)'}`,
    `+ ${right[index] ?? '(end of file)'}`,
  ].join('\n  ');
}
