import { compileConverter } from '../../../lib/converter/compile-converter.ts';
import type { Converter } from '../../../lib/converter/converter.ts';
import { below, quote } from '../../../lib/converter/load-errors.ts';
import { nearNames } from '../../../lib/converter/near-names.ts';
import { digestOf } from '../../../lib/digest.ts';
import { isJsonObject } from '../../../lib/json.ts';
import type { JsonObject, JsonValue } from '../../../lib/json.ts';
import type {
  ConfigurationError,
  ConversionDeps,
  ConversionKind,
  Outcome,
  RowOrigin,
} from '../conversion.ts';
import { checkEvent } from './check-event.ts';
import type { EventRules } from './check-event.ts';
import { eventFields, fieldsOf } from './fields.ts';
import { createLanguageNames } from './language-names.ts';

/** Records by a converter of Amplitude's language, to events as Amplitude's APIs take them. */
export const amplitude = {
  open(configuration, { clock }) {
    const compiled = compileConverter(configuration);
    if (compiled.kind === 'invalid') return compiled;
    const { converter } = compiled;
    const rules = { fields: fieldsOf(converter.fields), languageName: createLanguageNames() };
    return {
      kind: 'opened',
      conversion: { convert: (record, origin) => convertRecord(record, origin, { converter, rules, clock }) },
      warnings: warningsOf(configuration, converter),
    };
  },
} satisfies ConversionKind;

interface Tools extends ConversionDeps {
  readonly converter: Converter;
  readonly rules: EventRules;
}

function convertRecord(record: JsonValue, origin: RowOrigin, { converter, rules, clock }: Tools): Outcome {
  if (!isJsonObject(record)) {
    return {
      kind: 'reject',
      reason: `the record is ${quote(record)}: a record is an object with named fields`,
    };
  }
  const converted = converter.convert(record, { now: clock.now() });
  if (converted.kind !== 'output') return converted;
  const checked = checkEvent(converted.output, rules, () => deriveInsertId(origin));
  return checked.kind === 'event' ? checked : { kind: 'reject', ...checked.fault };
}

/** The same row of the same file always gets the same id, another row another: 128 bits in hexadecimal digits. */
function deriveInsertId({ bucket, key, version, row }: RowOrigin): string {
  return digestOf([bucket, key, version, String(row)]).slice(0, 32);
}

/** Fields that an event does not have are ignored; whoever maps one should know. */
function warningsOf(configuration: JsonObject, converter: Converter): readonly ConfigurationError[] {
  const path = Object.hasOwn(configuration, 'converterConfig') ? 'converterConfig' : '';
  return converter.fields
    .filter((field) => !eventFields.includes(field))
    .map((field) => {
      const near = nearNames(field, eventFields);
      const cure = near.length > 0 ? `if ${quote(near[0])} is meant, write that, else map` : 'map';
      const message = `an event has no field ${quote(field)}, and it is ignored: ${cure} it under event_properties`;
      return { path: below(below(path, 'convertToAmplitudeFunc'), field), message };
    });
}
