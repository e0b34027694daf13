/** What node's test runner says at its end, in its order. */
const counted = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'] as const;

export type Counts = Readonly<Record<(typeof counted)[number], number>>;

export const noCounts: Counts = {
  tests: 0,
  suites: 0,
  pass: 0,
  fail: 0,
  cancelled: 0,
  skipped: 0,
  todo: 0,
  duration_ms: 0,
};

const closingLine = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) (\d+(?:\.\d+)?)$/;

/** The counts with those of one more line; undefined when the line is none of the closing ones. */
export function countLine(counts: Counts, line: string): Counts | undefined {
  const [, name, value] = closingLine.exec(line) ?? [];
  if (name === undefined) return undefined;
  return { ...counts, [name]: counts[name as keyof Counts] + Number(value) };
}

/** What two runs are together. */
export function addCounts(left: Counts, right: Counts): Counts {
  const sums = counted.map((name) => [name, left[name] + right[name]] as const);
  return { ...noCounts, ...Object.fromEntries(sums) };
}

/** The closing lines of node's test runner. */
export function closingLines(counts: Counts): string {
  return counted.map((name) => `ℹ ${name} ${counts[name]}\n`).join('');
}

/** Begins what node's test runner tells of the tests that failed, after its closing lines. */
const failuresHeading = '✖ failing tests:';

/** From its report of the failed tests: where each is, its name, and the first line of its error. */
export function failedTests(lines: readonly string[]): readonly string[] {
  const heading = lines.indexOf(failuresHeading);
  if (heading === -1) return [];
  return lines.slice(heading).flatMap((line, index, report) => {
    return line.startsWith('test at ') ? [line, ...report.slice(index + 1, index + 3)] : [];
  });
}
