import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../../../lib/digest.ts';
import { jobName, labelValue } from '../../../../operator/resources/names.ts';

/** What Kubernetes admits as the name of a custom resource. */
const objectName = fc
  .stringMatching(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?){0,6}$/)
  .filter((name) => name.length <= 253);
const run = fc.integer({ min: 1, max: 1_000_000_000 });
const hash = fc.string({ minLength: 1 }).map((text) => digestOf([text]));
const digest = (text: string) => digestOf([text]);

suite('the name of a Job', () => {
  test('is a label of the DNS, with room for index and suffix of its pods', () => {
    fc.assert(
      fc.property(objectName, run, hash, (source, number, template) => {
        const name = jobName(source, number, template);
        assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        assert.ok(name.length <= 57, name);
      }),
    );
  });

  test('is another one for another run or another template of a source', () => {
    fc.assert(
      fc.property(objectName, fc.tuple(run, run), fc.tuple(hash, hash), (source, runs, hashes) => {
        const [one, other] = runs;
        const [template, changed] = hashes;
        if (one !== other) assert.notEqual(jobName(source, one, template), jobName(source, other, template));
        if (template !== changed) {
          assert.notEqual(jobName(source, one, template), jobName(source, one, changed));
        }
      }),
    );
  });

  test('[C-07] is the same for the same facts, and says which source and run it is of', () => {
    assert.equal(jobName('web-events', 12, 'abcdef0123456789'), 'web-events-12-abcdef01');
    assert.equal(jobName('web.events', 12, 'abcdef0123456789'), 'web-events-12-abcdef01');
    assert.equal(
      jobName('a'.repeat(45) + '.'.repeat(1) + 'b'.repeat(100), 7, 'abcdef0123456789'),
      `${'a'.repeat(45)}-7-abcdef01`,
    );
  });
});

suite('the label that names a source', () => {
  test('is a value that Kubernetes admits', () => {
    fc.assert(
      fc.property(objectName, (name) => {
        const value = labelValue(name, digest);
        assert.match(value, /^[a-z0-9]([-a-z0-9_.]*[a-z0-9])?$/);
        assert.ok(value.length <= 63);
      }),
    );
  });

  test('is the name where it fits, and tells long names apart where it does not', () => {
    assert.equal(labelValue('web.events', digest), 'web.events');
    const long = 'a'.repeat(64);
    assert.notEqual(labelValue(`${long}b`, digest), labelValue(`${long}c`, digest));
    assert.match(labelValue(`${'a'.repeat(51)}.${'b'.repeat(30)}`, digest), /^a{51}-[0-9a-f]{8}$/);
  });
});
