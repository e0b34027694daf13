import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { reasonNames, type Reason } from '../../../crds/reasons.ts';
import { exitCodes } from '../../../lib/contract/exit-codes.ts';
import { TerminalError, TransientError } from '../../../lib/errors.ts';
import { exitCodeOf } from '../../../worker/exit-code.ts';

const message = 'What is wrong.';

/** Terminal errors with these reasons end the whole Job; with any other, the worker alone, which is tried again. */
const whole: Readonly<Record<string, readonly Reason[]>> = {
  configuration: [
    'WorkerConfigInvalid',
    'InvalidSpec',
    'InvalidFormat',
    'InvalidPattern',
    'ConversionMissing',
    'ConverterInvalid',
    'StoreURLInvalid',
    'CABundleInvalid',
  ],
  credentials: [
    'InvalidAccessKeyId',
    'SignatureDoesNotMatch',
    'InvalidSessionToken',
    'AccountDisabled',
    'AuthenticationFailed',
    'StoreAuthenticationFailed',
  ],
  permission: [
    'PermissionDenied',
    'ListDenied',
    'ReadDenied',
    'KMSAccessDenied',
    'ExplicitDeny',
    'StorePermissionDenied',
  ],
  crashed: [
    'BucketNotFound',
    'TLSVerificationFailed',
    'StoreTLSFailed',
    'StoreError',
    'UnknownError',
    'LeaseLost',
  ],
};

suite('how a worker ends', () => {
  test('well, when nothing was thrown', () => {
    assert.equal(exitCodeOf(undefined), exitCodes.done);
  });

  for (const [code, reasons] of Object.entries(whole)) {
    test(`for good with ${reasons.join(', ')}: ${code}`, () => {
      for (const reason of reasons) {
        const given = exitCodeOf(new TerminalError({ reason, message }));
        assert.equal(given, exitCodes[code as keyof typeof exitCodes], reason);
      }
    });
  }

  test('for now, with whatever may pass: transient', () => {
    for (const reason of reasonNames) {
      assert.equal(exitCodeOf(new TransientError({ reason, message })), exitCodes.transient);
    }
  });

  test('with what is not ours: crashed', () => {
    for (const thrown of [new TypeError('x is undefined'), 'a text', null]) {
      assert.equal(exitCodeOf(thrown), exitCodes.crashed);
    }
  });

  test('never well with any reason of the table', () => {
    for (const reason of reasonNames) {
      assert.notEqual(exitCodeOf(new TerminalError({ reason, message })), exitCodes.done);
    }
  });
});
