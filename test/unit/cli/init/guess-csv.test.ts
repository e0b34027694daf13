import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { guessCsv } from '../../../../cli/init/guess-csv.ts';

suite('the dialect of a CSV file, guessed from its beginning', () => {
  const cases: Readonly<Record<string, readonly [text: string, options: object]>> = {
    'commas and a header': ['id,name\n1,a\n', {}],
    semicolons: ['id;name\n1;a,b\n2;c\n', { delimiter: ';' }],
    tabs: ['id\tname, first\n1\ta\n', { delimiter: '\t' }],
    bars: ['id|name\r\n1|a\r\n', { delimiter: '|' }],
    'no header': ['1,a\n2,b\n', { header: false, columns: ['column_1', 'column_2'] }],
    'a first line with a name twice': ['a,a\nb,c\n', { header: false, columns: ['column_1', 'column_2'] }],
    'delimiters within quotes': ['"a;x",b\n"c;y;z",d\n', {}],
    'one column': ['name\na\nb\n', {}],
  };
  for (const [what, [text, options]] of Object.entries(cases)) {
    test(`[I-26, I-30] ${what}`, () => assert.deepEqual(guessCsv(text), options));
  }
});
