import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { code, replaceRegion, table } from '../../../../tools/generate/markdown.ts';

suite('the Markdown of generated pages', () => {
  test('cells of a table keep bars and line breaks from breaking it', () => {
    assert.equal(table(['A', 'B'], [['x|y', 'a\nb']]), '| A | B |\n| --- | --- |\n| x\\|y | a b |');
  });

  test('a value with backquotes is still one piece of code', () => {
    assert.equal(code('a'), '`a`');
    assert.equal(code('a`b'), '`` a`b ``');
  });

  test('only the marked region is replaced, however often', () => {
    const page = 'before\n<!-- begin generated: x -->\nold\n<!-- end generated: x -->\nafter\n';
    const once = replaceRegion(page, 'x', 'new');
    assert.equal(once, 'before\n<!-- begin generated: x -->\n\nnew\n\n<!-- end generated: x -->\nafter\n');
    assert.equal(replaceRegion(once, 'x', 'new'), once);
  });

  test('a page without the region is an error that shows what to write', () => {
    assert.throws(() => replaceRegion('text', 'x', 'new'), /no region "x".*<!-- begin generated: x -->/);
  });
});
