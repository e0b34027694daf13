/** What the schemas admit of a message, in characters. */
const maxLength = 1024;

/**
 * A text as the API server keeps it: short enough, and with no half of a character. The server would put another one
 * in its place, the status would differ from what was derived, and be written again at every look.
 */
export function statusText(text: string): string {
  const kept = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return kept.toWellFormed();
}
