import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstWordOfMd5 } from '../../../../lib/converter/md5.ts';
import { converterOf } from '../../../support/converters.ts';

test('[I-32] the sample goes by the MD5 that everybody else computes', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'grapheme', minLength: 40, maxLength: 200 })),
      (text) => {
        assert.equal(firstWordOfMd5(text), hash('md5', text, 'buffer').readUInt32BE(0));
      },
    ),
    { numRuns: 2000 },
  );
});

test('[I-32] a sample of 20 percent takes about a fifth, and a sample of 40 all of these', () => {
  const [fifth, more] = [20, 40].map((share) => converterOf(['sample_md5', ['int', share], 'user']));
  const users = Array.from({ length: 10_000 }, (_, index) => ({ user: `user-${index}` }));
  const taken = (converter: typeof fifth): readonly boolean[] =>
    users.map((user) => {
      const converted = converter?.convert(user, { now: 0 });
      return converted?.kind === 'output' && converted.output['result'] === true;
    });
  const [few, many] = [taken(fifth), taken(more)];
  const count = few.filter(Boolean).length;
  assert.ok(count > 1850 && count < 2150, `${count} of 10000`);
  assert.ok(few.every((inFew, index) => !inFew || many[index]));
});
