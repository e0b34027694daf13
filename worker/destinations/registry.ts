import type { Destination } from './destination.ts';
import { eventStore } from './event-store.ts';

/** Every destination, by its name in the API. A new one is one file and one line here. */
export const destinations = Object.freeze({
  eventStore,
}) satisfies Readonly<Record<string, Destination>>;
