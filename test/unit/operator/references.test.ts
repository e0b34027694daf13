import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TerminalError } from '../../../lib/errors.ts';
import { checkCABundle } from '../../../operator/references.ts';
import { createCertificateAuthority } from '../../support/control-plane/certificates.ts';

const { certificate } = createCertificateAuthority('test');

suite('a CA bundle', () => {
  test('of one certificate or more is taken, with text around them', () => {
    checkCABundle('The bundle', certificate);
    checkCABundle('The bundle', `# ours\n${certificate}\n# theirs\n${certificate}`);
  });

  for (const [what, pem, message] of [
    ['nothing', '', /holds no certificate in PEM form/],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /holds no certificate/],
    ['a certificate that is cut', certificate.slice(0, -40), /holds no certificate/],
    ['a damaged certificate', certificate.replace(/\n.{20}/, '\n'), /holds a certificate that is damaged/],
    ['a damaged one behind a good one', certificate + certificate.replace(/\n.{20}/, '\n'), /is damaged/],
  ] as const) {
    test(`of ${what} is refused, with the place and the cure`, () => {
      assert.throws(
        () => {
          checkCABundle('Key ca.crt of ConfigMap acme/ca', pem);
        },
        (error) => {
          assert.ok(error instanceof TerminalError);
          assert.equal(error.reason, 'CABundleInvalid');
          assert.match(error.message, message);
          assert.match(error.message, /^Key ca\.crt of ConfigMap acme\/ca .* Put the whole PEM text there/);
          return true;
        },
      );
    });
  }
});
