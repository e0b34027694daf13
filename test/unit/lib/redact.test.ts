import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { createRedactor, isSecretName, REDACTED, redactShapes } from '../../../lib/redact.ts';

suite('redaction', () => {
  test('what is secret by its shape is taken out, and the rest stays readable', () => {
    const cases: readonly (readonly [string, string])[] = [
      [
        'postgres://app:hunter2@db:5432/main?sslmode=require',
        'postgres://app:[redacted]@db:5432/main?sslmode=require',
      ],
      ['postgresql://app:p@ss/w@rd@db/main', 'postgresql://app:[redacted]@db/main'],
      ['proxy http://user:pw@proxy:3128 failed', 'proxy http://user:[redacted]@proxy:3128 failed'],
      ['host=db password=hunter2 user=app', 'host=db password=[redacted] user=app'],
      ["password='hunter 2' host=db", 'password=[redacted] host=db'],
      ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
      ['authorization: Basic dXNlcjpwYXNz', 'authorization: Basic [redacted]'],
      ['key AKIAIOSFODNN7EXAMPLE is gone', 'key AKIA[redacted] is gone'],
      ['session ASIAIOSFODNN7EXAMPLE', 'session ASIA[redacted]'],
      ['{"secretAccessKey":"wJalrXUtnFEMI/K7MDENG","x":1}', '{"secretAccessKey":[redacted],"x":1}'],
      ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', 'aws_secret_access_key = [redacted]'],
      [
        'https://b.s3.amazonaws.com/k?X-Amz-Signature=0123abc&x=1',
        'https://b.s3.amazonaws.com/k?X-Amz-Signature=[redacted]&x=1',
      ],
      ['token eyJhbGciOiJS.eyJzdWIiOiJ.c2lnbmF0dXJl end', 'token [redacted] end'],
      [
        '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter',
        '[redacted] private key\nafter',
      ],
    ];
    for (const [text, expected] of cases) assert.equal(redactShapes(text), expected);
  });

  test('texts without a secret are left alone', () => {
    for (const text of [
      'GET https://db.example:5432/path?x=1 failed after 3 tries',
      'User: arn:aws:iam::123456789012:user/reader is not authorized to perform: s3:GetObject',
      'the Secret acme/lake-keys has no key "token-file"',
      'digest da39a3ee5e6b4b0d3255bfef95601890afd80709',
      'mail a:b@c for help',
    ]) {
      assert.equal(redactShapes(text), text);
    }
  });

  test('a remembered value is found in whatever spelling it turns up', () => {
    const secret = 'p@ss "wörd"/+1';
    const redactor = createRedactor();
    redactor.remember(` ${secret}\n`);
    for (const spelling of [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]) {
      assert.ok(!redactor.redact(`before ${spelling} after`).includes(spelling), spelling);
    }
    assert.equal(redactor.redact(`x ${secret} y`), `x ${REDACTED} y`);
  });

  test('no remembered value survives in any text, also where one secret begins with another', () => {
    const values = fc.uniqueArray(
      fc.string({ minLength: 6, maxLength: 12 }).filter((text) => text.trim().length >= 6),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    const law = fc.property(values, fc.array(fc.string()), (secrets, parts) => {
      const redactor = createRedactor();
      const all = secrets.flatMap((secret) => [secret.trim(), `${secret.trim()}-longer`]);
      for (const secret of all) redactor.remember(secret);
      const result = redactor.redact(parts.flatMap((part) => [part, ...all]).join(' '));
      for (const secret of all) assert.ok(!result.replaceAll(REDACTED, '').includes(secret), secret);
    });
    fc.assert(law);
  });

  test('short values are not remembered, and the least recently read are forgotten first', () => {
    const plain = createRedactor();
    plain.remember('the');
    assert.equal(plain.redact('the bucket'), 'the bucket');

    const redactor = createRedactor({ maxSecrets: 2 });
    for (const value of ['first-secret', 'second-secret', 'first-secret', 'third-secret'])
      redactor.remember(value);
    assert.equal(
      redactor.redact('first-secret second-secret third-secret'),
      `${REDACTED} second-secret ${REDACTED}`,
    );
  });

  test('a long hostile text takes no more than linear time', () => {
    for (const piece of [
      'a://',
      'password=',
      'postgres://a:',
      'eyJaaaaaaa.',
      '-----BEGIN PRIVATE KEY-----',
      '"',
      'secret"',
    ]) {
      const begun = performance.now();
      redactShapes(piece.repeat(20_000));
      assert.ok(performance.now() - begun < 2_000, piece);
    }
  });

  test('fields are secret by their names', () => {
    for (const name of [
      'password',
      'db.password',
      'secretAccessKey',
      'sessionToken',
      'Authorization',
      'client_secret',
      'token',
    ]) {
      assert.ok(isSecretName(name), name);
    }
    for (const name of ['secretRef', 'tokens', 'name', 'tokenFile', 'key', 'claimToken2'])
      assert.ok(!isSecretName(name), name);
  });
});
