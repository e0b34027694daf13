import { cutText } from './checking.ts';

const tagForm = /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*$/;

/** Different texts that data may bring; what is beyond them is looked up each time. */
const mostRemembered = 1000;

/** Turns a language tag into the English name of its language (`en-US` to `English`); other text stays. */
export function createLanguageNames(): (text: string) => string {
  const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
  const remembered = new Map<string, string>();
  return (text) => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const name = (tagForm.test(text) ? nameOf(names, text) : undefined) ?? cutText(text);
    if (remembered.size < mostRemembered) remembered.set(text, name);
    return name;
  };
}

function nameOf(names: Intl.DisplayNames, tag: string): string | undefined {
  const language = tag.split(/[-_]/, 1)[0] ?? '';
  return names.of(language.toLowerCase());
}
