import { createSeededRandom } from '../../lib/seeded-random.ts';

/**
 * Events of a made-up shop, the same for the same seed: what `millrace demo` imports.
 */

export interface SampleFile {
  readonly key: string;
  readonly text: string;
}

export interface SampleOptions {
  readonly seed: number;
  /** JSON-lines files; one CSV file comes for every four of them. */
  readonly files: number;
  readonly rowsPerFile: number;
}

const eventTypes = ['view item', 'add to cart', 'checkout', 'purchase', 'search'] as const;
const cities = ['Zürich', 'Lyon', 'Osaka', 'São Paulo', 'Austin'] as const;
const firstDay = Date.UTC(2026, 0, 1);

interface SampleEvent {
  readonly id: string;
  readonly user: string;
  readonly event: string;
  readonly at: string;
  readonly city: string;
  readonly price: number;
}

/** One bad row a file, each of another kind: what a person finds among the rejects. */
const badLines = [
  '{"id":"cut-off","user":"user-0000',
  '{"id":"no-user","event":"purchase","at":"2026-01-01T00:00:00Z"}',
  '{"id":"no-event","user":"user-00001","at":"2026-01-01T00:00:00Z"}',
  '["not","an","object"]',
] as const;

export function sampleFiles(options: SampleOptions): readonly SampleFile[] {
  const random = createSeededRandom(options.seed);
  return Array.from({ length: options.files }, (_, index) => {
    const events = Array.from({ length: options.rowsPerFile }, (__, row) => sampleEvent(random, index, row));
    const hour = String(index % 24).padStart(2, '0');
    const day = 1 + Math.floor(index / 24);
    const stem = `2026-01-${String(day).padStart(2, '0')}/${hour}`;
    return index % 5 === 4
      ? { key: `shop/csv/${stem}.csv.gz`, text: toCsv(events) }
      : {
          key: `shop/json/${stem}.json.gz`,
          text: toJsonLines(events, badLines[index % badLines.length] ?? ''),
        };
  });
}

function sampleEvent(random: () => number, file: number, row: number): SampleEvent {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return {
    id: `${file}-${row}`,
    user: `user-${String(Math.floor(random() * 5_000)).padStart(5, '0')}`,
    event: pick(eventTypes),
    at: new Date(firstDay + file * 3_600_000 + row * 50).toISOString(),
    city: pick(cities),
    price: Math.round(random() * 10_000) / 100,
  };
}

function toJsonLines(events: readonly SampleEvent[], badLine: string): string {
  const lines = events.map((event) => JSON.stringify(event));
  return `${[...lines.slice(0, 100), badLine, ...lines.slice(100)].join('\n')}\n`;
}

/** The third row has a field too many. */
function toCsv(events: readonly SampleEvent[]): string {
  const rows = events.map(({ id, user, event, at, city, price }) =>
    [id, user, event, at, `"${city}"`, price].join(),
  );
  return `id,user,event,at,city,price\r\n${[...rows.slice(0, 2), 'one,field,too,many,in,this,row', ...rows.slice(2)].join('\r\n')}\r\n`;
}
