import fc from 'fast-check';

/** One change of a file, at a place that is a share of its length. */
type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'remove'; readonly at: number; readonly count: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number }
  | { readonly kind: 'cut'; readonly at: number };

/** Bytes that mean something to one reader or another. */
const telling = [
  '\n',
  '\r',
  '\r\n',
  '"',
  '""',
  ',',
  '\\',
  '{',
  '}',
  '[',
  '\0',
  '\ufeff',
  '\u2028',
  'é',
  '\u{1f600}',
].map((text) => Buffer.from(text));
const invalid = ['ff', 'fffe', 'c0af', 'eda080', '1f8b', '1f8b0800', '504b0304', '28b52ffd', '50415231'].map(
  (hex) => Buffer.from(hex, 'hex'),
);

const place = fc.double({ min: 0, max: 1, noNaN: true });
const bytes = fc.oneof(
  fc.constantFrom(...telling, ...invalid),
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map((array) => Buffer.from(array)),
);
const count = fc.integer({ min: 1, max: 40 });

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: place, bytes }),
  fc.record({ kind: fc.constant('insert' as const), at: place, bytes }),
  fc.record({ kind: fc.constant('remove' as const), at: place, count }),
  fc.record({ kind: fc.constant('repeat' as const), at: place, count }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
);

/** Files that were right once: `originals`, each changed a few times at random, or not at all. */
export function mutated(originals: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(originals, fc.array(mutation, { maxLength: 4 }))
    .map(([original, mutations]) => mutations.reduce(mutate, original));
}

function mutate(file: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * file.length);
  const [head, tail] = [file.subarray(0, at), file.subarray(at)];
  switch (change.kind) {
    case 'set':
      return Buffer.concat([head, change.bytes, tail.subarray(change.bytes.length)]);
    case 'insert':
      return Buffer.concat([head, change.bytes, tail]);
    case 'remove':
      return Buffer.concat([head, tail.subarray(change.count)]);
    case 'repeat':
      return Buffer.concat([head, tail.subarray(0, change.count), tail]);
    case 'cut':
      return head;
  }
}
