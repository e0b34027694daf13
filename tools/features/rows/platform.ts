/** What everybody expects, whatever is moved. */
export const platform = {
  'C-01': 'A check of access says which permission is missing.',
  'C-02': 'What identifies a connection is fixed; names and mapping can change.',
  'C-03': 'A preview before activation.',
  'C-04': 'Pause and resume without loss.',
  'C-05': 'A history of runs with times and counts.',
  'C-06': 'Errors are named, with a cure.',
  'C-07': 'No duplicates after a retry, an overlap or a repeated notification.',
  'C-08': 'The region is found, or corrected from the error.',
  'C-09': 'Throttling by the receiver is honoured.',
  'C-10': 'Secrets come only by reference and are shown nowhere.',
} as const;
