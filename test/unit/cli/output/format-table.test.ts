import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTable } from '../../../../cli/output/format-table.ts';

describe('tables', () => {
  it('columns are as wide as their widest cell, as a reader counts characters', () => {
    const rows = [
      ['Zoë', '1'],
      ['e\u0301clair', ''],
      ['👩‍👩‍👧', 'x y'],
    ];
    assert.equal(
      formatTable(['name', 'note'], rows),
      ['name     note', 'Zoë      1', 'e\u0301clair', '👩‍👩‍👧        x y', ''].join('\n'),
    );
  });

  it('long cells are cut, missing ones are empty, and no line ends in blanks', () => {
    assert.equal(formatTable(['a', 'b'], [['123456789'], ['1', '2']], 5), 'a       b\n1234…\n1       2\n');
  });

  it('what would break the table or drive the terminal is a blank', () => {
    assert.equal(formatTable(['a'], [['x\r\ny\u001b[31mz\u2028w']]), 'a\nx y [31mz w\n');
  });
});
