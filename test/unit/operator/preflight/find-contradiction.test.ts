import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { S3ImportSourceFiles } from '../../../../crds/generated/s3-import-source.ts';
import type { DocumentSettings } from '../../../../lib/converter/converter.ts';
import { findContradiction } from '../../../../operator/preflight/find-contradiction.ts';

const csv = { delimiter: ',', quote: '"', escape: '', header: false, relaxQuotes: false };

function files(changes: Partial<S3ImportSourceFiles> = {}): S3ImportSourceFiles {
  return { format: 'CSV', compression: 'Auto', ...changes };
}

function document(settings: Partial<DocumentSettings>): DocumentSettings {
  return {
    name: undefined,
    fileType: undefined,
    compressionType: undefined,
    filterPattern: undefined,
    ...settings,
  };
}

suite('the settings of files that contradict each other', () => {
  test('[I-26] columns of one name are named, others are not', () => {
    const columns = ['user', 'event', 'user'];
    assert.match(
      findContradiction(files({ csv: { ...csv, columns } }), undefined) ?? '',
      /"user" more than once/,
    );
    assert.equal(findContradiction(files({ csv: { ...csv, columns: ['a', 'b'] } }), undefined), undefined);
  });

  test('[I-29] a converter document for another type of file is told', () => {
    assert.match(
      findContradiction(files(), document({ fileType: 'json' })) ?? '',
      /is for files of the type json, and spec\.files\.format is CSV/,
    );
    assert.match(findContradiction(files(), document({ fileType: 'parquet' })) ?? '', /of the type parquet/);
    assert.equal(findContradiction(files(), document({ fileType: 'csv' })), undefined);
    const lines = files({ format: 'JSONLines' });
    assert.equal(findContradiction(lines, document({ fileType: 'json' })), undefined);
  });

  test('[I-28] [I-29] a converter document with another compression is told, unless it is told from the bytes', () => {
    const gzip = document({ compressionType: 'gzip' });
    assert.match(
      findContradiction(files({ compression: 'None' }), gzip) ?? '',
      /compression gzip, and spec\.files\.compression is None/,
    );
    assert.equal(findContradiction(files({ compression: 'Gzip' }), gzip), undefined);
    assert.equal(findContradiction(files({ compression: 'Auto' }), gzip), undefined);
    assert.equal(
      findContradiction(files({ compression: 'None' }), document({ compressionType: 'none' })),
      undefined,
    );
  });
});
