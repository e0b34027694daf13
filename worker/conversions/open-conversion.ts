import { TerminalError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Conversion, ConversionDeps, ConversionKind } from './conversion.ts';
import { conversions } from './registry.ts';

/** The conversion of a document that the operator has accepted. Errors: `ConverterInvalid`. */
export function openConversion(kind: string, document: JsonObject, deps: ConversionDeps): Conversion {
  const known: Readonly<Record<string, ConversionKind>> = conversions;
  const opened = known[kind]?.open(document, deps);
  if (opened?.kind === 'opened') return opened.conversion;
  const faults = opened?.errors.map(({ path, message }) => `${path}: ${message}`) ?? [
    `there is no conversion ${kind}; there is ${Object.keys(conversions).join(', ')}`,
  ];
  throw new TerminalError({ reason: 'ConverterInvalid', message: faults.join(' ') });
}
