import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { conditions, type ConditionType } from '../../crds/conditions.ts';
import { findReason, reasonNames, reasons, runbookPage, type ReasonEntry } from '../../crds/reasons.ts';
import { storeErrorReasons } from '../../lib/store/errors.ts';
import { apiReasons } from '../../operator/runtime/api-error.ts';

const root = new URL('../../', import.meta.url);
const rooms = ['lib', 'operator', 'worker', 'cli'] as const;

/**
 * Where a reason is given. The local mode also speaks as the API server and the kubelet do, whose words are their own:
 * there only what is thrown counts.
 */
function reasonsGiven(path: string, text: string): readonly string[] {
  const given = path.startsWith('cli/local/')
    ? /new (?:Terminal|Transient)Error\(\{[^}]*?\breason: '([A-Z]\w*)'/g
    : /\breason: '([A-Z]\w*)'|\b(?:refused|passing)\(\s*'([A-Z]\w*)'/g;
  return [...text.matchAll(given)].map(([, word, other]) => word ?? other ?? '');
}

async function sources(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const paths = await Promise.all(
    rooms.map(async (room) => {
      const files = await readdir(new URL(`${room}/`, root), { recursive: true });
      return files.filter((file) => file.endsWith('.ts')).map((file) => `${room}/${file}`);
    }),
  );
  return Promise.all(
    paths.flat().map(async (path) => ({ path, text: await readFile(new URL(path, root), 'utf8') })),
  );
}

function isCondition(place: string): place is ConditionType {
  return Object.hasOwn(conditions, place);
}

suite('the table of reasons', () => {
  test('every reason that the code gives is in the table', async () => {
    for (const { path, text } of await sources()) {
      for (const word of reasonsGiven(path, text)) {
        assert.ok(findReason(word), `${path} gives the reason ${word}, which is not in crds/reasons.ts`);
      }
    }
    for (const word of [...storeErrorReasons, ...Object.values(apiReasons)]) {
      assert.ok(findReason(word), `${word} is not in crds/reasons.ts`);
    }
  });

  test('every reason of the table is given somewhere in the code', async () => {
    const text = (await sources()).map((source) => source.text).join('\n');
    const idle = reasonNames.filter((name) => !text.includes(`'${name}'`));
    assert.deepEqual(idle, []);
  });

  test('every reason has a runbook page, and every page a reason', async () => {
    const pages = await readdir(new URL('docs/runbook/', root));
    const wanted = reasonNames.map((name) => runbookPage(name).replace('docs/runbook/', ''));
    assert.deepEqual(pages.toSorted(), wanted.toSorted());
  });

  test('every reason says in a sentence what it means, and one that is not normal what to do', () => {
    for (const [name, entry] of Object.entries<ReasonEntry>(reasons)) {
      assert.match(name, /^[A-Z][A-Za-z]*$/);
      assert.match(entry.summary, /^[A-Z].*\.$/, name);
      const needsCure = entry.class === 'P' || entry.class === 'E' || entry.on.includes('File');
      if (needsCure) assert.match(entry.cure ?? '', /^[A-Z].*\.$/, `${name} has no cure`);
    }
  });

  test('a reason stands only on conditions that an object of one of its kinds can have', () => {
    for (const [name, entry] of Object.entries<ReasonEntry>(reasons)) {
      assert.ok(entry.on.length > 0, name);
      for (const place of entry.on.filter(isCondition)) {
        const kinds: readonly string[] = conditions[place].kinds;
        assert.ok(
          entry.kinds.some((kind) => kinds.includes(kind)),
          `${name} on ${place}`,
        );
      }
    }
  });

  test('every condition that may be True has a normal reason to be so', () => {
    for (const [type, { role }] of Object.entries(conditions)) {
      if (role === 'abnormal') continue;
      const normal = Object.values<ReasonEntry>(reasons).some(
        (entry) => entry.class === 'N' && entry.on.includes(type as ConditionType),
      );
      assert.ok(normal, type);
    }
  });
});
