import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readProjectFile } from '../support/project-files.ts';

interface Manifest {
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readProjectFile('package.json')) as Manifest;
const lock = JSON.parse(readProjectFile('package-lock.json')) as { packages: Record<string, Locked> };
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Licences that ask for no more than their text. */
const permissive =
  /^(0BSD|Apache-2\.0|BlueOak-1\.0\.0|BSD-2-Clause|BSD-3-Clause|CC0-1\.0|ISC|MIT|MIT-0|PSF-2\.0|PostgreSQL|Python-2\.0|Unlicense)$/;

suite('the packages that are installed', () => {
  test('are pinned to exact versions', () => {
    const pins = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    assert.deepEqual(
      pins.filter(([, version]) => !/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)),
      [],
    );
  });

  test('are locked by content, and the lock names no registry', () => {
    assert.ok(packages.length > 0);
    const loose = packages.filter(
      ([, one]) => one.resolved !== undefined || (one.integrity === undefined && !isForeign(one)),
    );
    assert.deepEqual(
      loose.map(([path]) => path),
      [],
    );
  });

  test('are locked for every platform, or npm ci refuses the lock', () => {
    const wanted = packages.flatMap(([path, one]) =>
      Object.keys(one.optionalDependencies ?? {}).map((name) => ({ path, name })),
    );
    const missing = wanted.filter(
      ({ path, name }) =>
        !(`node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages),
    );
    assert.deepEqual(missing, []);
  });

  test('are under licences that a product under Apache-2.0 may use', () => {
    assert.equal(manifest.license, 'Apache-2.0');
    const others = packages.filter(([, one]) => !isForeign(one) && !isPermissive(one.license ?? 'none'));
    assert.deepEqual(
      others.map(([path, one]) => `${path}: ${one.license}`),
      [],
    );
  });
});

/**
 * For another platform, from a mirror of the registry that did not have it: pinned by its version alone. Its parent is
 * of the same release and licence.
 */
function isForeign(one: Locked): boolean {
  return one.optional === true && one.integrity === undefined;
}

/** Of several licences to choose from, one is enough; of several that all hold, each must be. */
function isPermissive(license: string): boolean {
  return license
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => permissive.test(one)));
}
