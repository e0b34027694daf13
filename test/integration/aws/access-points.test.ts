import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { describe, it } from 'node:test';
import { openS3 } from '../../../lib/aws/s3.ts';

const listing =
  '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
  '<IsTruncated>false</IsTruncated><KeyCount>1</KeyCount><Contents><Key>web/a.json</Key>' +
  '<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Contents></ListBucketResult>';

describe('an access point in place of a bucket', () => {
  for (const [what, bucket, host] of [
    ['by its ARN', 'arn:aws:s3:us-east-1:111122223333:accesspoint/import', 'import-111122223333.s3.test'],
    ['by its alias', 'import-abcdefghij-s3alias', 'import-abcdefghij-s3alias.s3.test'],
  ] as const) {
    it(`[P-08] is asked under its own host, ${what}`, async (t) => {
      const hosts: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        hosts.push(request.headers.host?.replace(/:\d+$/, ''));
        response.writeHead(200, { 'content-type': 'application/xml' }).end(listing);
      });
      t.after(() => server.close());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      // Every name is this machine's: the names of buckets below an endpoint are in no DNS here.
      const here: LookupFunction = (_name, { all }, answer) => {
        if (all === true) answer(null, [{ address: '127.0.0.1', family: 4 }]);
        else answer(null, '127.0.0.1', 4);
      };
      t.mock.method(dns, 'lookup', here);
      const objects = openS3({
        region: 'us-east-1',
        endpoint: `http://s3.test:${port}`,
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'anything' },
      });
      t.after(() => objects.close());
      const page = await objects.listPage({ bucket, prefix: 'web/' }, AbortSignal.timeout(60_000));
      assert.deepEqual(
        page.objects.map(({ key }) => key),
        ['web/a.json'],
      );
      assert.deepEqual(hosts, [host]);
    });
  }
});
