/** JSON as a column keeps it: text that every reader of JSON takes. */

/** Levels of lists and objects; far more than anybody writes, and far less than a call stack holds. */
const deepest = 1_000;

/** What JSON.stringify writes of half a surrogate pair, told from an escaped backslash before a `u`. */
const backslashOrHalf = /\\\\|\\ud[89a-f][0-9a-f]{2}/g;

/** As JSON.stringify, but whole characters. Null for what is nested deeper than a thousand levels. */
export function jsonText(value: object): string | null {
  return isDeeper(value) ? null : withWholeCharacters(JSON.stringify(value));
}

/** What JSON.stringify wrote, with U+FFFD for half an emoji: DuckDB refuses JSON that holds one. */
export function withWholeCharacters(text: string): string {
  return text.includes('\\ud') ? text.replace(backslashOrHalf, (found) => (found === '\\\\' ? found : '\ufffd')) : text;
}

/** Whether a value is nested deeper than a thousand levels. */
export function isDeeper(value: unknown, left = deepest): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) if (isDeeper(inner, left - 1)) return true;
  return false;
}
