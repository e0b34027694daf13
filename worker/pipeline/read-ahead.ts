/**
 * The same items, the next one being made while the caller is busy with this one: parsing goes on while a
 * transaction waits for the database. One item ahead, no more, so that memory stays bounded.
 */
export async function* readAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = iterator.next();
      // The caller may be long in coming back; a failure meanwhile is told when it asks for the item.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await next.catch(() => {});
    await iterator.return?.();
  }
}
