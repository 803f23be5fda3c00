/** Parses one record of separated values. Works on text whose characters are bytes, so that nothing is decoded on the way. */

export interface Dialect {
  delimiter: string;
  /** Empty: cells are never quoted. */
  quote: string;
  escape: string;
  /** Rows end at a carriage return alone, as on old Macs; else at `\n` or `\r\n`. */
  carriageReturn: boolean;
}

export interface Parsed {
  /** Where the next record begins. */
  next: number;
  values: string[];
  /** Whether a cell stood in quotes; an empty one is then a text and not nothing. */
  quoted: boolean[];
  /** Why the row cannot be taken, or null. */
  fault: string | null;
  /** How the row ended. */
  end: '\n' | '\r\n' | '\r' | '';
}

/** The record was cut off: there may be more text. `openQuote` tells whether a quoted cell is still open. */
export interface Unfinished {
  openQuote: boolean;
}

/** The record at `start`. Without `final`, text that ends inside the record answers `Unfinished`; with it, only an open quote does. */
export function parseRecord(text: string, start: number, final: boolean, dialect: Dialect): Parsed | Unfinished {
  const values: string[] = [];
  const quoted: boolean[] = [];
  const delimiter = dialect.delimiter.charCodeAt(0);
  const { carriageReturn } = dialect;
  const quote = dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0);
  const length = text.length;
  let position = start;
  for (;;) {
    let at = skipSpaces(text, position);
    if (quote >= 0 && text.charCodeAt(at) === quote) {
      const cell = parseQuoted(text, at + 1, final, dialect);
      if (typeof cell !== 'object') return { openQuote: cell === 'open quote' };
      if ('fault' in cell) {
        const line = firstLine(text, start, dialect);
        return line.end === '' && !final ? { openQuote: false } : { ...line, values, quoted, fault: cell.fault };
      }
      values.push(cell.value);
      quoted.push(true);
      at = cell.next;
    } else {
      at = cellEnd(text, position, delimiter, carriageReturn);
      // A \r at the very end may be the first half of a row's end.
      if (!final && (at >= length || (text.charCodeAt(at) === 13 && at + 1 >= length))) return { openQuote: false };
      values.push(text.slice(position, at));
      quoted.push(false);
    }
    if (at >= length) {
      return final ? { next: at, values, quoted, fault: null, end: '' } : { openQuote: false };
    }
    const code = text.charCodeAt(at);
    if (code === delimiter) {
      position = at + 1;
      continue;
    }
    if (code === 10) return { next: at + 1, values, quoted, fault: null, end: '\n' };
    if (carriageReturn) return { next: at + 1, values, quoted, fault: null, end: '\r' };
    // A cell ends at \r only when \n follows.
    return { next: at + 2, values, quoted, fault: null, end: '\r\n' };
  }
}

const space = 32;

function skipSpaces(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) === space) at += 1;
  return at;
}

/** Index of the delimiter or row end that closes an unquoted cell. */
function cellEnd(text: string, start: number, delimiter: number, carriageReturn: boolean): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === delimiter) return at;
    if (code > 13) continue;
    if (code === 10 && !carriageReturn) return at;
    if (code === 13 && (carriageReturn || at + 1 >= text.length || text.charCodeAt(at + 1) === 10)) return at;
  }
  return text.length;
}

type Cell = { value: string; next: number } | { fault: string } | 'unfinished' | 'open quote';

function parseQuoted(text: string, start: number, final: boolean, dialect: Dialect): Cell {
  const { quote, escape: escapeMark } = dialect;
  let value = '';
  let from = start;
  for (;;) {
    const at = escapeMark === quote ? text.indexOf(quote, from) : nextOf(text, from, quote, escapeMark);
    if (at < 0) return 'open quote';
    const following = text[at + 1];
    if (following === undefined && !final) return 'unfinished';
    const escapes =
      escapeMark === quote
        ? following === quote
        : text[at] === escapeMark && (following === quote || following === escapeMark);
    if (escapes) {
      value += text.slice(from, at) + following;
      from = at + 2;
      continue;
    }
    if (text[at] !== quote) {
      value += text.slice(from, at + 1);
      from = at + 1;
      continue;
    }
    value += text.slice(from, at);
    return afterQuote(text, at + 1, final, dialect, value);
  }
}

/** What stands between a closing quote and the next delimiter: nothing but blanks, or the row is broken. */
function afterQuote(text: string, start: number, final: boolean, dialect: Dialect, value: string): Cell {
  let next = start;
  while (text[next] === ' ') next += 1;
  const character = text[next];
  if (character === undefined) return final ? { value, next } : 'unfinished';
  if (character === dialect.delimiter || (character === '\n' && !dialect.carriageReturn)) return { value, next };
  if (character === '\r') {
    if (dialect.carriageReturn || text[next + 1] === '\n') return { value, next };
    if (text[next + 1] === undefined && !final) return 'unfinished';
    if (text[next + 1] === undefined) return { value, next };
  }
  return { fault: 'text follows a closing quote, or a quote is never closed' };
}

function nextOf(text: string, from: number, quote: string, escapeMark: string): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === quote || (escapeMark !== '' && character === escapeMark)) return at;
  }
  return -1;
}

/** A broken row ends where its first line ends: the rows after it are innocent. */
function firstLine(text: string, start: number, { carriageReturn }: Dialect): Pick<Parsed, 'next' | 'end'> {
  const end = carriageReturn ? '\r' : '\n';
  const at = text.indexOf(end, start);
  return at < 0 ? { next: text.length, end: '' } : { next: at + 1, end: carriageReturn ? '\r' : '\n' };
}
