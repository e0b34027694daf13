const millisecondsOf = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const satisfies Record<string, number>;

type Unit = keyof typeof millisecondsOf;

// Longer units first, so that "ms" is not read as "m" and a stray "s".
const partSource = '(\\d+(?:\\.\\d*)?|\\.\\d+)(ns|us|µs|μs|ms|s|m|h|d)';

/**
 * Milliseconds of a duration as Go writes it (`90s`, `1h30m`, `1.5h`, `0`), and with `d` for 24 hours.
 * Undefined for anything else: an empty text, a number without unit, a sign, spaces.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let total = 0;
  const part = new RegExp(partSource, 'y');
  for (let at = 0; at < text.length; at = part.lastIndex) {
    const match = part.exec(text);
    if (match === null) return undefined;
    total += Number(match[1]) * millisecondsOf[match[2] as Unit];
  }
  return text === '' || !Number.isFinite(total) ? undefined : total;
}
