/** Sizes as people write them. */

const units = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
} as const;

/** `2GB`, `512MiB` as bytes; null when it is not one. */
export function parseSize(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*([KMGT]?i?B)$/i.exec(text.trim());
  if (found === null) return null;
  return Math.floor(Number(found[1]) * units[found[2]!.toUpperCase() as keyof typeof units]);
}

/** Bytes for people: `1.5 GB`. */
export function sizeText(bytes: number): string {
  const [unit, factor] =
    (['TB', 'GB', 'MB', 'kB'] as const)
      .map((name, index) => [name, [1e12, 1e9, 1e6, 1e3][index]!] as const)
      .find(([, size]) => bytes >= size) ?? (['bytes', 1] as const);
  return `${Number((bytes / factor).toFixed(factor === 1 ? 0 : 2))} ${unit}`;
}
