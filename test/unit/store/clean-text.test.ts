import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../../lib/json.ts';
import { cleanJson, cleanText, cutText } from '../../../lib/store/clean-text.ts';
import { encodeCopy } from '../../../lib/store/copy.ts';

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});

describe('text that PostgreSQL can hold', () => {
  it('has no NUL and no half of a surrogate pair, and is otherwise the same', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanText(text);
        assert.ok(clean.isWellFormed() && !clean.includes('\0'));
        assert.equal(clean.length, text.length);
        if (text.isWellFormed() && !text.includes('\0')) assert.equal(clean, text);
      }),
    );
  });

  it('as JSON has no escape that a query would fail on, in names as little as in values', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText))), (object) => {
        const text = cleanJson(object);
        JSON.parse(text, (key: string, value: unknown) => {
          assert.ok(key.isWellFormed() && !key.includes('\0'));
          if (typeof value === 'string') assert.ok(value.isWellFormed() && !value.includes('\0'));
          return value;
        });
      }),
    );
  });

  it('keeps text that only looks like an escape', () => {
    assert.equal(cleanJson({ path: 'C:\\u0000\\ud800' }), JSON.stringify({ path: 'C:\\u0000\\ud800' }));
  });

  it('keeps a property called __proto__', () => {
    assert.equal(cleanJson(JSON.parse('{"__proto__":"\\u0000"}') as JsonValue), '{"__proto__":"\ufffd"}');
  });

  it('is cut at the end of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, limit) => {
        const cut = cutText(text, limit);
        assert.ok(Buffer.byteLength(cut) <= limit);
        assert.ok(text.startsWith(cut));
        const next = String.fromCodePoint(text.codePointAt(cut.length) ?? 0x20);
        if (cut.length < text.length) assert.ok(Buffer.byteLength(cut + next) > limit);
      }),
    );
  });
});

describe('the text format of COPY', () => {
  it('gives back every text, number and NULL, however many rows there are', () => {
    const cell = fc.oneof(anyText.map(cleanText), fc.integer(), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 30 }), (rows) => {
        const text = Buffer.concat([...encodeCopy(rows, (row) => row)]).toString();
        const lines = text.split('\n').slice(0, -1);
        const read = lines.map((line) => line.split('\t').map(decodeCell));
        assert.deepEqual(
          read,
          rows.map((row) => row.map((value) => (value === undefined ? undefined : String(value)))),
        );
      }),
    );
  });
});

/** As the documentation of COPY has it. */
function decodeCell(cell: string): string | undefined {
  if (cell === '\\N') return undefined;
  const names: Record<string, string> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
  return cell.replace(/\\(.)/g, (_, code: string) => names[code] ?? '?');
}
