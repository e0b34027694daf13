/** What a client of PostgreSQL says, message by message. */
export type FrontendMessage = { readonly bytes: Buffer } & (
  | { readonly kind: 'startup'; readonly parameters: Readonly<Record<string, string>> }
  /** SQL: of a simple query, or of a statement that is prepared. */
  | { readonly kind: 'statement'; readonly text: string }
  | { readonly kind: 'other' }
);

const protocolVersion = 3 << 16;

/** Gives the messages that are whole after each chunk; the first message of a connection has no type. */
export function splitMessages(): (chunk: Buffer) => readonly FrontendMessage[] {
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const messages: FrontendMessage[] = [];
    for (;;) {
      const typeBytes = begun ? 1 : 0;
      if (rest.length < typeBytes + 4) return messages;
      const length = typeBytes + rest.readInt32BE(typeBytes);
      if (rest.length < length) return messages;
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(length);
      const message = begun ? readMessage(bytes) : readStartup(bytes);
      begun ||= message.kind === 'startup';
      messages.push(message);
    }
  };
}

/** A request for TLS comes before the startup, and has its form. */
function readStartup(bytes: Buffer): FrontendMessage {
  if (bytes.readInt32BE(4) !== protocolVersion) return { kind: 'other', bytes };
  const words = bytes.subarray(8).toString('utf8').split('\0');
  const parameters: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length; at += 2) parameters[words[at] ?? ''] = words[at + 1] ?? '';
  return { kind: 'startup', parameters, bytes };
}

function readMessage(bytes: Buffer): FrontendMessage {
  const type = String.fromCharCode(bytes[0] ?? 0);
  // A query is its text; a statement to be prepared has its name before that.
  if (type === 'Q') return { kind: 'statement', text: textAt(bytes, 5), bytes };
  if (type === 'P') return { kind: 'statement', text: textAt(bytes, bytes.indexOf(0, 5) + 1), bytes };
  return { kind: 'other', bytes };
}

function textAt(bytes: Buffer, from: number): string {
  return bytes.toString('utf8', from, bytes.indexOf(0, from));
}
