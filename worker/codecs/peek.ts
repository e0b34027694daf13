export interface Peeked {
  /** The first bytes; fewer than asked for only when there are no more. */
  readonly head: Buffer;
  /** All bytes, the first ones included. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Gives the source back when `bytes` may never be read. */
  close(): Promise<void>;
}

/** Looks at the first bytes of a stream without taking them from it. */
export async function peek(bytes: AsyncIterable<Buffer>, length: number): Promise<Peeked> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < length) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return {
    head,
    bytes: replay(head, iterator),
    close: async () => {
      await iterator.return?.();
    },
  };
}

async function* replay(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
