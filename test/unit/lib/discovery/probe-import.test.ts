import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TerminalError, TransientError } from '../../../../lib/errors.ts';
import { probeImport } from '../../../../lib/discovery/probe-import.ts';
import { createBucket, type Bucket } from '../../../support/doubles/bucket.ts';

const { signal } = new AbortController();
const input = { bucket: 'acme', prefix: 'web/', region: 'us-east-1', matches: () => true };

async function resultsOf(bucket: Bucket): Promise<readonly string[]> {
  const probes = await probeImport(bucket, input, signal);
  return probes.map(({ action, result }) => `${action} ${result}`);
}

const denied = (reason: string) => new TerminalError({ reason, message: 'Denied.' });

suite('what a source may do is tried', () => {
  test('[I-11] a listing, and one byte of an object', async () => {
    const bucket = createBucket();
    bucket.put('web/1.json', { body: '{}' });
    assert.deepEqual(await resultsOf(bucket), ['s3:ListBucket Allowed', 's3:GetObject Allowed']);
    await new Promise(setImmediate);
    assert.equal(bucket.openBodies, 0);
  });

  test('a prefix with nothing to read leaves the read Unknown, and asks for no key that is not there', async () => {
    const bucket = createBucket();
    assert.deepEqual(await resultsOf(bucket), ['s3:ListBucket Allowed', 's3:GetObject Unknown']);
    bucket.put('web/', { size: 0 });
    assert.deepEqual(await resultsOf(bucket), ['s3:ListBucket Allowed', 's3:GetObject Unknown']);
    assert.equal(bucket.calls.open, 0);
  });

  test('a denied listing tries no read', async () => {
    const bucket = createBucket();
    bucket.put('web/1.json');
    bucket.failNext(denied('ListDenied'));
    assert.deepEqual(await resultsOf(bucket), ['s3:ListBucket Denied', 's3:GetObject Unknown']);
  });

  const reads = [
    ['ReadDenied', ['s3:GetObject Denied']],
    ['ExplicitDeny', ['s3:GetObject Denied']],
    ['VPCEndpointDenied', ['s3:GetObject Denied']],
    ['KMSAccessDenied', ['s3:GetObject Unknown', 'kms:Decrypt Denied']],
    ['ObjectArchived', ['s3:GetObject Allowed']],
    ['ObjectNotFound', ['s3:GetObject Unknown']],
    ['StorageUnavailable', ['s3:GetObject Unknown']],
  ] as const;
  for (const [reason, results] of reads) {
    test(`[C-01] a read that ends as ${reason} is ${results.join(', ')}`, async () => {
      const bucket = createBucket();
      bucket.put('web/1.json', { body: '{}' });
      const { open } = bucket;
      bucket.open = () => Promise.reject(new TransientError({ reason, message: 'No.' }));
      assert.deepEqual((await resultsOf(bucket)).slice(1), results);
      bucket.open = open;
    });
  }
});
