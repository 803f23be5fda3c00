/** JSON on its way into DuckDB: numbers that a double would shorten are handed over as text. */

/** A run of digits as long as one that a double cannot hold; the cheap look that most text passes. */
const suspicious = /[0-9.]{16}/;
const token = /"(?:[^"\\\n]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/g;

/** Puts quotes around numbers with a fraction or an exponent and more digits than a double keeps. Works on whole lines. DuckDB keeps integers exactly; `integersToo` is for readers that do not. */
export function keepLongNumbers(text: string, integersToo = false): string {
  if (!suspicious.test(text)) return text;
  return text.replace(token, (found) =>
    found.startsWith('"') || !isShortened(found, integersToo) ? found : `"${found}"`,
  );
}

function isShortened(number: string, integersToo: boolean): boolean {
  const [mantissa = '', exponent] = number.split(/[eE]/);
  if (!integersToo && exponent === undefined && !mantissa.includes('.')) return false;
  return mantissa.replace(/[^0-9]/g, '').replace(/^0+/, '').length > 15;
}

/** The text in portions of whole lines, one character for each byte. */
export async function* wholeLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of bytes) {
    const text = chunk.toString('latin1');
    const end = text.lastIndexOf('\n');
    if (end < 0) rest += text;
    else {
      yield rest + text.slice(0, end + 1);
      rest = text.slice(end + 1);
    }
  }
  if (rest !== '') yield rest;
}
