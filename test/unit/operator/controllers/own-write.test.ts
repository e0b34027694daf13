import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { freshest, noteWrite } from '../../../../operator/controllers/own-write.ts';
import { importSource, withMetadata } from '../../../support/builders/resources.ts';

const at = (resourceVersion: string, uid = 'a') => importSource(withMetadata({ resourceVersion, uid }));

suite('what is known of an object that this process wrote', () => {
  test('is what it wrote, while the cache is where it was before', () => {
    const written = at('2');
    assert.equal(freshest(at('1'), noteWrite(at('1'), written, undefined)), written);
  });

  test('is the last of several writes, whichever of the ones before the cache shows', () => {
    const [first, second] = [at('2'), at('3')];
    const own = noteWrite(first, second, noteWrite(at('1'), first, undefined));
    assert.deepEqual([freshest(at('1'), own), freshest(at('2'), own)], [second, second]);
  });

  test('is what the cache shows, once that is the write, something newer, or another object of the name', () => {
    const own = noteWrite(at('1'), at('2'), undefined);
    for (const cached of [at('2'), at('3'), at('1', 'b')]) assert.equal(freshest(cached, own), cached);
    const [cached] = [at('1')];
    assert.equal(freshest(cached, undefined), cached);
  });
});
