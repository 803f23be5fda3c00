/** JSON as a column keeps it: text that every reader of JSON takes. */

/** What JSON.stringify writes of half a surrogate pair, told from an escaped backslash before a `u`. */
const backslashOrHalf = /\\\\|\\ud[89a-f][0-9a-f]{2}/g;

/** As JSON.stringify, but half an emoji is U+FFFD: DuckDB refuses JSON that holds one. Throws RangeError where a call stack does not hold the nesting. */
export function jsonText(value: object): string {
  const text = JSON.stringify(value);
  return text.includes('\\ud') ? text.replace(backslashOrHalf, (found) => (found === '\\\\' ? found : '\ufffd')) : text;
}
