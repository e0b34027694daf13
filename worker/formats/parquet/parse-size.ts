const units = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 } as const;

/** Bytes of a size such as `192Mi`; undefined for a text that is none. */
export function parseSize(text: string): number | undefined {
  const [, count, unit] = /^([1-9][0-9]{0,5})(Ki|Mi|Gi)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}
