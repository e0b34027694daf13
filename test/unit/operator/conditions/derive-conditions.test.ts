import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  conditions,
  conditionTypesOf,
  type Condition,
  type ConditionType,
} from '../../../../crds/conditions.ts';
import { kindNames } from '../../../../crds/names.ts';
import { findReason, reasonNames } from '../../../../crds/reasons.ts';
import { deriveConditions, type ConditionsInput } from '../../../../operator/conditions/derive-conditions.ts';
import { classOf, failed, passed, unknown, type Finding } from '../../../../operator/conditions/finding.ts';
import { condition, startTime } from '../../../support/builders/resources.ts';

const kind = fc.constantFrom(...kindNames);
const status = fc.constantFrom('True', 'False', 'Unknown');
const reason = fc.constantFrom(...reasonNames);
const time = fc
  .integer({ min: startTime - 86_400_000, max: startTime })
  .map((ms) => new Date(ms).toISOString());

const conditionTypes = Object.keys(conditions) as readonly ConditionType[];
const types = conditionTypes.filter((type) => conditions[type].role !== 'summary');

/** Of any code units: halves of characters among them. */
const message = fc.string({
  unit: fc.integer({ min: 32, max: 0xffff }).map((code) => String.fromCharCode(code)),
  maxLength: 1100,
});

/** Anything that looks could find: in any order, several on one condition, on conditions of other kinds. */
const anyFindings: fc.Arbitrary<readonly Finding[]> = fc.array(
  fc.record({ type: fc.constantFrom(...types), status, reason, message }),
  { maxLength: 12 },
);

const allPassed = types.map((type) => passed(type, 'Succeeded', 'All is well.'));

const findings = fc.oneof(
  anyFindings,
  anyFindings.map((some) => [...allPassed.filter(({ type }) => conditions[type].role === 'gate'), ...some]),
  fc.tuple(fc.nat(types.length), anyFindings).map(([at, some]) => [...allPassed.slice(0, at), ...some]),
);

/** What a person, or an older release, may have left in a status. */
const previous: fc.Arbitrary<readonly Condition[]> = fc.uniqueArray(
  fc.record({
    type: fc.constantFrom(...conditionTypes),
    status,
    reason: fc.string({ minLength: 1, maxLength: 8 }),
    message: fc.string(),
    lastTransitionTime: time,
  }),
  { selector: ({ type }) => type, maxLength: 8 },
);

const anyInput: fc.Arbitrary<ConditionsInput> = fc.record({
  kind,
  generation: fc.nat(),
  previous,
  findings,
  now: fc.constant(new Date(startTime).toISOString()),
});

function law(holds: (derived: readonly Condition[], input: ConditionsInput) => void): void {
  fc.assert(
    fc.property(anyInput, (input) => {
      holds(deriveConditions(input), input);
    }),
    { numRuns: 500 },
  );
}

function find(derived: readonly Condition[], type: string): Condition | undefined {
  return derived.find((one) => one.type === type);
}

/** A gate that is not True, but for what could not be looked at and does no harm, as reading where no object is yet. */
function holdsBack({ status: value, reason: word }: Condition): boolean {
  return value === 'False' || (value === 'Unknown' && findReason(word)?.harmless !== true);
}

const connectionGates = [
  passed('Accepted', 'Accepted', 'The spec makes sense.'),
  passed('ResolvedRefs', 'ResolvedRefs', 'The Secret is there.'),
  passed('Authenticated', 'Authenticated', 'S3 takes the credentials.'),
];

function inputWith(changes: Partial<ConditionsInput> = {}): ConditionsInput {
  return {
    kind: 'S3Connection',
    generation: 3,
    previous: [],
    findings: connectionGates,
    now: new Date(startTime).toISOString(),
    ...changes,
  };
}

function minutesLater(minutes: number): string {
  return new Date(startTime + minutes * 60_000).toISOString();
}

suite('laws of conditions', () => {
  test('Ready is always there, and each type once, in the order of the table', () => {
    law((derived, input) => {
      const there = derived.map(({ type }) => type);
      assert.equal(there[0], 'Ready');
      assert.deepEqual(
        there,
        conditionTypesOf(input.kind).filter((type) => there.includes(type)),
      );
    });
  });

  test('Reconciling and Stalled are never there together, and only while Ready is not True', () => {
    law((derived) => {
      const moving = find(derived, 'Reconciling');
      const stalled = find(derived, 'Stalled');
      assert.ok(moving === undefined || stalled === undefined);
      const ready = find(derived, 'Ready')?.status === 'True';
      assert.equal(moving === undefined && stalled === undefined, ready);
    });
  });

  test('an abnormal condition is there only while it is True', () => {
    law((derived) => {
      for (const { type, status: value } of derived) {
        const { role } = conditions[type as ConditionType];
        if (role === 'abnormal') assert.equal(value, 'True');
      }
    });
  });

  test('each condition speaks of the generation that was looked at', () => {
    law((derived, input) => {
      for (const { observedGeneration } of derived) assert.equal(observedGeneration, input.generation);
    });
  });

  test('gates behind the first that holds back are Unknown and Blocked, and Ready shows that first one', () => {
    law((derived) => {
      const gates = derived.filter(({ type }) => conditions[type as ConditionType].role === 'gate');
      const first = gates.findIndex(holdsBack);
      const ready = find(derived, 'Ready');
      if (first < 0) {
        assert.equal(ready?.status, 'True');
        return;
      }
      const cause = gates[first];
      assert.deepEqual(
        [ready?.status, ready?.reason, ready?.message],
        [cause?.status, cause?.reason, cause?.message],
      );
      for (const { status: value, reason: word } of gates.slice(first + 1)) {
        assert.deepEqual([value, word], ['Unknown', 'Blocked']);
      }
    });
  });

  test('a transition time moves exactly when the status does', () => {
    law((derived, input) => {
      for (const { type, status: value, lastTransitionTime } of derived) {
        const before = find(input.previous, type);
        const kept = before?.status === value ? before.lastTransitionTime : input.now;
        assert.equal(lastTransitionTime, kept);
      }
    });
  });

  test('a second look at the same world derives the same conditions, at the same moment', () => {
    law((derived, input) => {
      assert.deepEqual(deriveConditions({ ...input, previous: derived }), derived);
    });
  });

  test('an hour later only a denial that stands since then reads otherwise', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const derived = deriveConditions(input);
        const later = deriveConditions({
          ...input,
          previous: derived,
          now: new Date(startTime + 3_600_000).toISOString(),
        });
        const eventual = classOf(find(derived, 'Ready')?.reason ?? '') === 'E';
        if (!eventual) assert.deepEqual(later, derived);
      }),
    );
  });

  test('a message is as the API server keeps it: short enough, without half characters', () => {
    law((derived) => {
      for (const { message } of derived) {
        assert.ok(message.length <= 1024);
        assert.ok(message.isWellFormed());
      }
    });
  });
});

suite('conditions of one look', () => {
  test('an object of which all gates passed is Ready, with the given words if there are some', () => {
    assert.deepEqual(
      deriveConditions(inputWith()).map(({ type, status: value, reason: word }) => [type, value, word]),
      [
        ['Ready', 'True', 'Succeeded'],
        ['Accepted', 'True', 'Accepted'],
        ['ResolvedRefs', 'True', 'ResolvedRefs'],
        ['Authenticated', 'True', 'Authenticated'],
      ],
    );
    const ready = { reason: 'Suspended', message: 'Switched off.' } as const;
    assert.equal(deriveConditions(inputWith({ ready }))[0]?.reason, 'Suspended');
  });

  test('an object that nothing is known of is not Ready, and progresses', () => {
    const derived = deriveConditions(inputWith({ findings: [] }));
    assert.deepEqual(
      derived.slice(0, 3).map(({ type, status: value, message }) => [type, value, message]),
      [
        ['Ready', 'Unknown', 'Accepted has not been looked at yet.'],
        ['Reconciling', 'True', 'Accepted has not been looked at yet.'],
        ['Accepted', 'Unknown', 'Accepted has not been looked at yet.'],
      ],
    );
    assert.equal(find(derived, 'Authenticated')?.message, 'Authenticated waits for Accepted.');
  });

  const classes = [
    ['P', failed('ResolvedRefs', 'SecretKeyMissing', 'The key is missing.'), 'Stalled', 'SecretKeyMissing'],
    ['T', failed('Authenticated', 'Throttled', 'Slow down.'), 'Reconciling', 'ProgressingWithRetry'],
    ['W', failed('ResolvedRefs', 'SecretNotFound', 'No Secret.'), 'Reconciling', 'Progressing'],
    ['W', unknown('ResolvedRefs', 'DependencyNotReady', 'Being opened.'), 'Reconciling', 'Progressing'],
    ['E', failed('Authenticated', 'InvalidAccessKeyId', 'No key.'), 'Reconciling', 'ProgressingWithRetry'],
  ] as const;
  for (const [letter, finding, type, word] of classes) {
    test(`${finding.reason}, of class ${letter} and ${finding.status}, is ${type} with ${word}`, () => {
      const passes = connectionGates.slice(0, finding.type === 'ResolvedRefs' ? 1 : 2);
      const derived = deriveConditions(inputWith({ findings: [...passes, finding] }));
      assert.equal(find(derived, 'Ready')?.reason, finding.reason);
      assert.equal(find(derived, type)?.reason, word);
      assert.equal(find(derived, type)?.message, finding.message);
    });
  }

  test('a condition that a look reports twice counts once', () => {
    const caughtUp = failed('CaughtUp', 'ImportingFiles', 'Files wait.');
    const degraded: Finding = { ...passed('Degraded', 'FilesFailed', 'Some failed.') };
    const findings: readonly Finding[] = [caughtUp, degraded, { ...degraded, message: 'Others.' }];
    const derived = deriveConditions(inputWith({ kind: 'S3ImportSource', findings }));
    assert.deepEqual(
      derived.filter(({ type }) => type === 'Degraded').map(({ message }) => message),
      ['Some failed.'],
    );
    assert.equal(find(derived, 'CaughtUp')?.status, 'False');
  });
});

suite('a denial', () => {
  const denied = [...connectionGates.slice(0, 2), failed('Authenticated', 'InvalidAccessKeyId', 'No key.')];

  function progressOf(derived: readonly Condition[]): string | undefined {
    return derived.find(({ type }) => type === 'Stalled' || type === 'Reconciling')?.type;
  }

  test('is Stalled once it has stood for ten minutes, and not before', () => {
    const first = deriveConditions(inputWith({ findings: denied }));
    assert.equal(progressOf(first), 'Reconciling');
    const soon = inputWith({ findings: denied, previous: first, now: minutesLater(9.9) });
    assert.equal(progressOf(deriveConditions(soon)), 'Reconciling');
    assert.equal(progressOf(deriveConditions({ ...soon, now: minutesLater(10) })), 'Stalled');
  });

  test('that follows hours without a Secret has its ten minutes too', () => {
    const noSecret = [...connectionGates.slice(0, 1), failed('ResolvedRefs', 'SecretNotFound', 'None.')];
    const before = deriveConditions(inputWith({ findings: noSecret }));
    const at = inputWith({ findings: denied, previous: before, now: minutesLater(300) });
    const first = deriveConditions(at);
    assert.equal(progressOf(first), 'Reconciling');
    const again = { ...at, previous: first, now: minutesLater(301) };
    assert.equal(progressOf(deriveConditions(again)), 'Reconciling');
    assert.equal(progressOf(deriveConditions({ ...again, now: minutesLater(310) })), 'Stalled');
  });

  test('that is granted ends Stalled at once', () => {
    const stalled = deriveConditions(
      inputWith({
        findings: denied,
        previous: [condition('Authenticated', { status: 'False' })],
        now: minutesLater(60),
      }),
    );
    assert.equal(progressOf(stalled), 'Stalled');
    const granted = deriveConditions(inputWith({ previous: stalled, now: minutesLater(61) }));
    assert.equal(progressOf(granted), undefined);
    assert.equal(granted[0]?.lastTransitionTime, minutesLater(61));
  });
});
