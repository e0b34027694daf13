import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createMetrics } from '../../../lib/metrics.ts';

suite('metrics', () => {
  test('two that ask for one name share the metric, and two registries share nothing', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    const spec = { name: 'files_total', help: 'Files', labels: ['state'] as const };
    one.counter(spec).inc({ state: 'done' });
    one.counter(spec).inc({ state: 'done' }, 2);
    other.counter(spec).inc({ state: 'failed' });
    assert.match(await one.render(), /^files_total\{state="done"\} 3$/m);
    assert.match(await other.render(), /^files_total\{state="failed"\} 1$/m);
    assert.doesNotMatch(await other.render(), /done/);
  });

  test('gauges can be set, moved and removed, and histograms count into their buckets', async () => {
    const metrics = createMetrics();
    const gauge = metrics.gauge({ name: 'depth', help: 'Depth', labels: ['name'] as const });
    gauge.set({ name: 'a' }, 5);
    gauge.add({ name: 'a' }, -2);
    gauge.set({ name: 'b' }, 1);
    gauge.remove({ name: 'b' });
    metrics.histogram({ name: 'seconds', help: 'Time', buckets: [1, 10] }).observe({}, 5);
    const text = await metrics.render();
    assert.match(text, /^depth\{name="a"\} 3$/m);
    assert.doesNotMatch(text, /name="b"/);
    assert.match(text, /^seconds_bucket\{le="1"\} 0$/m);
    assert.match(text, /^seconds_bucket\{le="10"\} 1$/m);
    gauge.reset();
    assert.doesNotMatch(await metrics.render(), /name="a"/);
  });

  test('what is read rather than counted is read before each rendering, until it is taken away', async () => {
    const metrics = createMetrics();
    const gauge = metrics.gauge({ name: 'age_seconds', help: 'Age' });
    let age = 0;
    const remove = metrics.beforeRender(() => gauge.set({}, (age += 1)));
    assert.match(await metrics.render(), /^age_seconds 1$/m);
    assert.match(await metrics.render(), /^age_seconds 2$/m);
    remove();
    assert.match(await metrics.render(), /^age_seconds 2$/m);
  });

  test('the process itself is measured where that is asked for', async () => {
    assert.match(await createMetrics({ process: true }).render(), /^nodejs_eventloop_lag_seconds /m);
    assert.equal(await createMetrics().render(), '\n');
  });
});
