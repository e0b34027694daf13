import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { namesOfTests, shownRows } from '../../../../tools/features/test-names.ts';

const row = (number: string): string => `I-${number}`;

suite('reading the names of tests', () => {
  test('rows are taken from the front of a name, however many and however written', () => {
    const [one, two, three] = [row('01'), row('02'), row('03')];
    const texts = [
      `[${one}] a`,
      `[${one}, ${two}] b`,
      `[${one},${two}] c`,
      `[${one}] [${two}] d`,
      `[${one}][${two}, ${three}] e`,
    ];
    const found = shownRows(
      'x.test.ts',
      texts.map((text) => `test(${JSON.stringify(text)}, run);`).join('\n'),
    );
    assert.deepEqual(
      found.map(({ rows, name }) => [rows.join(' '), name]),
      [
        [one, 'a'],
        [`${one} ${two}`, 'b'],
        [`${one} ${two}`, 'c'],
        [`${one} ${two}`, 'd'],
        [`${one} ${two} ${three}`, 'e'],
      ],
    );
  });

  test('a name is shown behind the suites around it, and computed parts as an ellipsis', () => {
    const text = `suite('outer', () => { describe('[${row('04')}] inner', () => { it(\`[${row('05')}] is \${kind}\`, run); }); });`;
    assert.deepEqual(shownRows('x.test.ts', text), [
      { path: 'x.test.ts', rows: [row('04')], name: 'outer: inner' },
      { path: 'x.test.ts', rows: [row('05')], name: 'outer: inner: is …' },
    ]);
  });

  test('names in tables of cases count too, and rows in the middle of a text do not', () => {
    const text = `const cases = [{ name: '[${row('06')}] of a table' }, { name: 'see [${row('07')}]' }];`;
    assert.deepEqual(
      shownRows('cases.ts', text).map(({ rows }) => rows),
      [[row('06')]],
    );
  });

  test('only calls of test and it name tests', () => {
    const text =
      "suite('s', () => { test('a', run); it('b', run); before(run); log('c'); }); t.test('d', run);";
    assert.deepEqual(namesOfTests('x.test.ts', text), ['s: a', 's: b']);
  });
});
