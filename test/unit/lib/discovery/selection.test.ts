import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { selectObject, type ListedKey } from '../../../../lib/discovery/selection.ts';

const isJson = (key: string) => key.endsWith('.json');
const any = () => true;

function listed(key: string, changes: Partial<ListedKey> = {}): ListedKey {
  return { key, size: 10, storageClass: 'STANDARD', restored: false, ...changes };
}

suite('what of a bucket is a file of a source', () => {
  test('[I-24] an object is one if its key matches', () => {
    assert.equal(selectObject(listed('web/a.json'), isJson), 'file');
    assert.equal(selectObject(listed('web/a.json.tmp'), isJson), 'otherName');
  });

  test('an empty object is none', () => {
    assert.equal(selectObject(listed('web/a.json', { size: 0 }), isJson), 'empty');
  });

  test('what a console makes to show a folder is none, whatever the pattern', () => {
    assert.equal(selectObject(listed('web/', { size: 0 }), any), 'folder');
    assert.equal(selectObject(listed('web/', { size: 5 }), any), 'file');
  });

  test('an archived object is none until it is restored', () => {
    for (const storageClass of ['GLACIER', 'DEEP_ARCHIVE']) {
      assert.equal(selectObject(listed('a', { storageClass }), any), 'archived');
      assert.equal(selectObject(listed('a', { storageClass, restored: true }), any), 'file');
    }
    for (const storageClass of ['GLACIER_IR', 'STANDARD_IA', 'INTELLIGENT_TIERING']) {
      assert.equal(selectObject(listed('a', { storageClass }), any), 'file');
    }
  });

  test('a key that the store cannot hold is none', () => {
    assert.equal(selectObject(listed('web/a\0.json'), isJson), 'unstorable');
  });
});
