/**
 * The string formats that the API server checks, as far as schemas of ours use them. `int32` and `int64` are
 * formats of numbers, and other unknown formats are ignored there as here.
 */
export const formats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date-time', isDateTime],
  ['date', isDate],
  ['duration', isDuration],
  ['uri', isUri],
  ['byte', isBase64],
  ['micro-time', isMicroTime],
]);

const dateTimePattern = /^(\d{4}-\d{2}-\d{2})[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/u;

function isDateTime(text: string): boolean {
  const date = dateTimePattern.exec(text)?.[1];
  return date !== undefined && isDate(date) && !Number.isNaN(Date.parse(text));
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isDuration(text: string): boolean {
  return text === '0' || /^[-+]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/u.test(text);
}

function isUri(text: string): boolean {
  return text.startsWith('/') || URL.canParse(text);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/u.test(text);
}

/** The server reads a MicroTime with six fractional digits and no others; `Date` gives three. */
function isMicroTime(text: string): boolean {
  return isDateTime(text) && /T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})$/u.test(text);
}
