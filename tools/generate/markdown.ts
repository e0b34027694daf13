/** A table; cells may hold Markdown, and no line breaks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** A value in code font; backquotes within it are kept. */
export function code(value: string): string {
  return value.includes('`') ? `\`\` ${value} \`\`` : `\`${value}\``;
}

const marker = (name: string, end: 'begin' | 'end'): string => `<!-- ${end} generated: ${name} -->`;

/**
 * The text with the region of that name replaced. A region stands between the comments
 * `<!-- begin generated: NAME -->` and `<!-- end generated: NAME -->`; what is outside belongs to people.
 */
export function replaceRegion(text: string, name: string, content: string): string {
  const begin = text.indexOf(marker(name, 'begin'));
  const end = text.indexOf(marker(name, 'end'));
  if (begin < 0 || end < begin) {
    throw new Error(
      `no region "${name}": it stands between ${marker(name, 'begin')} and ${marker(name, 'end')}`,
    );
  }
  return `${text.slice(0, begin)}${marker(name, 'begin')}\n\n${content}\n\n${text.slice(end)}`;
}
