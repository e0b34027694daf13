import { TerminalError } from '../errors.ts';

/** PostgreSQL cuts longer names silently, so that two would become one. */
const longestIdentifier = 63;

/** Quotes the name of a schema or a role for use in SQL text, where a parameter cannot stand. */
export function quoteIdentifier(name: string): string {
  if (name.length === 0 || Buffer.byteLength(name) > longestIdentifier || name.includes('\0')) {
    throw new TerminalError({
      reason: 'InvalidSpec',
      message: `"${name}" cannot be a name in PostgreSQL: it must have 1 to ${String(longestIdentifier)} bytes and no NUL.`,
    });
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string literal of SQL. Only for text that stands in a migration, where there are no parameters. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
