import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixedCredentials, renewedCredentials } from '../../../../lib/aws/credentials.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const { signal } = new AbortController();
const hour = 3_600_000;

/** Sessions that last so long, numbered; fails while `down` is set. */
function sessions(lifeMs: number) {
  const clock = createManualClock(0);
  const state = { asked: 0, down: false };
  const source = renewedCredentials(async () => {
    state.asked += 1;
    await Promise.resolve();
    if (state.down) throw new Error('STS is down');
    const accessKeyId = `key-${state.asked}`;
    return { accessKeyId, secretAccessKey: 'secret', expiresAt: clock.now() + lifeMs };
  }, clock);
  return { clock, state, source };
}

describe('credentials that are renewed', () => {
  it('are asked for once, however many want them', async () => {
    const { source, state } = sessions(hour);
    const all = await Promise.all([source.get(signal), source.get(signal), source.get(signal)]);
    assert.deepEqual(new Set(all.map(({ accessKeyId }) => accessKeyId)), new Set(['key-1']));
    assert.equal(state.asked, 1);
  });

  it('[I-06] are renewed five minutes before their end', async () => {
    const { clock, source } = sessions(hour);
    await source.get(signal);
    await clock.advance(hour - 5 * 60_000 - 1);
    assert.equal((await source.get(signal)).accessKeyId, 'key-1');
    await clock.advance(1);
    assert.equal((await source.get(signal)).accessKeyId, 'key-2');
  });

  it('of a short life are renewed at half of it', async () => {
    const { clock, source } = sessions(60_000);
    await source.get(signal);
    await clock.advance(29_999);
    assert.equal((await source.get(signal)).accessKeyId, 'key-1');
    await clock.advance(1);
    assert.equal((await source.get(signal)).accessKeyId, 'key-2');
  });

  it('serve on through a failed renewal until their end, and no longer', async () => {
    const { clock, source, state } = sessions(hour);
    await source.get(signal);
    state.down = true;
    await clock.advance(hour - 1);
    assert.equal((await source.get(signal)).accessKeyId, 'key-1');
    await clock.advance(1);
    await assert.rejects(source.get(signal), /STS is down/);
    state.down = false;
    assert.match((await source.get(signal)).accessKeyId, /^key-/);
  });

  it('are asked for anew once the store refused them', async () => {
    const { source } = sessions(hour);
    assert.equal(source.forget(), false);
    await source.get(signal);
    assert.equal(source.forget(), true);
    assert.equal((await source.get(signal)).accessKeyId, 'key-2');
  });

  it('that are fixed cannot be asked for anew', async () => {
    const source = fixedCredentials({ accessKeyId: 'key', secretAccessKey: 'secret' });
    assert.equal((await source.get(signal)).accessKeyId, 'key');
    assert.equal(source.forget(), false);
  });
});
