import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { selectObject } from '../../../../operator/discovery/selection.ts';

const isJson = (key: string) => key.endsWith('.json');

suite('what of a bucket is a file of a source', () => {
  test('[I-24] an object is one if its key matches', () => {
    assert.equal(selectObject({ key: 'web/a.json', size: 10 }, isJson), 'file');
    assert.equal(selectObject({ key: 'web/a.json.tmp', size: 10 }, isJson), 'other-name');
  });

  test('an empty object is one too, as its name says', () => {
    assert.equal(selectObject({ key: 'web/a.json', size: 0 }, isJson), 'file');
  });

  test('what a console makes to show a folder is none, whatever the pattern', () => {
    assert.equal(
      selectObject({ key: 'web/', size: 0 }, () => true),
      'folder',
    );
    assert.equal(
      selectObject({ key: 'web/', size: 5 }, () => true),
      'file',
    );
  });
});
