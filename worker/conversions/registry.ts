import { amplitude } from './amplitude/amplitude.ts';
import type { ConversionKind } from './conversion.ts';

/** Conversions by their name in `spec.conversion`. To add one: its folder and a line here. */
export const conversions = Object.freeze({
  amplitude,
} satisfies Record<string, ConversionKind>);
