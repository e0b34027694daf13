/** The indexes that a text of a Job's status such as `1,3-5` names, in order. */
export function parseIndexes(text: string | undefined): readonly number[] {
  if (text === undefined || text === '') return [];
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}
