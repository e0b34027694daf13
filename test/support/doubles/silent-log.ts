import { createLogger, type Logger } from '../../../lib/log.ts';

/** Writes nothing. */
export const silentLog: Logger = createLogger({
  clock: { now: () => 0 },
  write: () => {},
  redact: (text) => text,
});
