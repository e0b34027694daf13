import { TerminalError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { ConfigurationError, Conversion, ConversionDeps, ConversionKind } from './conversion.ts';
import { conversions } from './registry.ts';

/** The conversion of a document that the operator has accepted. Errors: `ConverterInvalid`. */
export function openConversion(kind: string, document: JsonObject, deps: ConversionDeps): Conversion {
  return openWithWarnings(kind, document, deps).conversion;
}

/** The same, with what works but is likely not what was meant. */
export function openWithWarnings(
  kind: string,
  document: JsonObject,
  deps: ConversionDeps,
): { readonly conversion: Conversion; readonly warnings: readonly ConfigurationError[] } {
  const known: Readonly<Record<string, ConversionKind>> = conversions;
  const opened = known[kind]?.open(document, deps);
  if (opened?.kind === 'opened') return opened;
  const faults = opened?.errors.map(({ path, message }) => `${path}: ${message}`) ?? [
    `there is no conversion ${kind}; there is ${Object.keys(conversions).join(', ')}`,
  ];
  throw new TerminalError({ reason: 'ConverterInvalid', message: faults.join(' ') });
}
