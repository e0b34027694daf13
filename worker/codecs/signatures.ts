interface Signature {
  readonly name: string;
  readonly kind: 'compression' | 'format';
  readonly magic: Buffer;
}

/**
 * First bytes by which a file that was declared as something else is told, so that the message can name what it is.
 * None of them can begin a text that a text format would read without rejecting its first row.
 */
const signatures: readonly Signature[] = [
  { name: 'gzip', kind: 'compression', magic: Buffer.from('1f8b', 'hex') },
  { name: 'Zip', kind: 'compression', magic: Buffer.from('504b0304', 'hex') },
  { name: 'Zstandard', kind: 'compression', magic: Buffer.from('28b52ffd', 'hex') },
  { name: 'xz', kind: 'compression', magic: Buffer.from('fd377a585a00', 'hex') },
  { name: 'LZ4', kind: 'compression', magic: Buffer.from('04224d18', 'hex') },
  { name: '7-Zip', kind: 'compression', magic: Buffer.from('377abcaf271c', 'hex') },
  // "BZh", a level, and the start of the first block: letters alone could be text.
  ...['1', '2', '3', '4', '5', '6', '7', '8', '9'].map((level): Signature => {
    const magic = Buffer.concat([Buffer.from(`BZh${level}`), Buffer.from('314159265359', 'hex')]);
    return { name: 'bzip2', kind: 'compression', magic };
  }),
  { name: 'Parquet', kind: 'format', magic: Buffer.from('PAR1\u0015', 'latin1') },
  { name: 'encrypted Parquet', kind: 'format', magic: Buffer.from('PARE\u0015', 'latin1') },
  { name: 'Avro', kind: 'format', magic: Buffer.from('Obj\u0001', 'latin1') },
  { name: 'ORC', kind: 'format', magic: Buffer.from('ORC\b', 'latin1') },
];

/** As many bytes as the longest signature has. */
export const signatureLength = Math.max(...signatures.map(({ magic }) => magic.length));

/** What the first bytes of a file show it to be, where they show it. */
export function tellSignature(head: Buffer, kind: Signature['kind']): string | undefined {
  return signatures.find((one) => one.kind === kind && startsWith(head, one.magic))?.name;
}

export function startsWith(head: Buffer, magic: Buffer): boolean {
  return head.length >= magic.length && head.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

/** The beginning of a file for a message, e.g. `1f 8b 08 00`. */
export function firstBytes(head: Buffer): string {
  return head.toString('hex', 0, 4).replaceAll(/..(?=.)/g, '$& ');
}
