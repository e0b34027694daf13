import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TerminalError } from '../../../lib/errors.ts';
import { parseConnectionUrl } from '../../../lib/store/connection-url.ts';

describe('the connection string of a store', () => {
  it('gives user, password and database decoded', () => {
    const target = parseConnectionUrl(
      'postgres://mill%40race:p%40ss%2F%3A@db.example:5433/my%20db',
      undefined,
    );
    assert.deepEqual(target, {
      host: 'db.example',
      port: 5433,
      user: 'mill@race',
      password: 'p@ss/:',
      database: 'my db',
      ssl: false,
      label: 'PostgreSQL at db.example:5433/my db',
    });
  });

  it('takes an IPv6 address, and a directory of a Unix socket', () => {
    assert.equal(parseConnectionUrl('postgresql://u:p@[::1]/d', undefined).host, '::1');
    assert.equal(
      parseConnectionUrl('postgres://u@localhost/d?host=/run/postgresql', undefined).host,
      '/run/postgresql',
    );
  });

  it('checks certificate and name when a CA is given, unless sslmode says less', () => {
    const full = parseConnectionUrl('postgres://u:p@h/d', 'a CA').ssl;
    assert.ok(full !== false && full.rejectUnauthorized === true && full.checkServerIdentity === undefined);
    const chain = parseConnectionUrl('postgres://u:p@h/d?sslmode=verify-ca', 'a CA').ssl;
    assert.ok(
      chain !== false && chain.rejectUnauthorized === true && chain.checkServerIdentity !== undefined,
    );
    const encrypted = parseConnectionUrl('postgres://u:p@h/d?sslmode=require', undefined).ssl;
    assert.ok(encrypted !== false && encrypted.rejectUnauthorized === false);
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['not a url with secret', /cannot be read/],
    ['mysql://u:secret@h/d', /cannot be read/],
    ['postgres://u:secret@h', /names no database/],
    ['postgres://h/d', /names no user/],
    ['postgres://u:secret@h/d?host=', /names no host/],
    ['postgres://u:secret%@h/d', /percent sign/],
    ['postgres://u:secret@h/d?sslmode=prefer', /must be one of disable, require, verify-ca, verify-full/],
  ];
  for (const [url, pattern] of refused) {
    it(`[C-10] is refused without being quoted: ${url.replace('secret', '…')}`, () => {
      assert.throws(
        () => parseConnectionUrl(url, undefined),
        (error) => {
          assert.ok(error instanceof TerminalError && error.reason === 'StoreURLInvalid');
          assert.match(error.message, pattern);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    });
  }
});
