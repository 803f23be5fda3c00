/** Takes the rows out of a page of results without parsing them: a page has megabytes of them, and DuckDB reads JSON faster. */

/** A page with its rows as the JSON text they came in. */
export interface Page {
  /** Without the brackets of the array; empty when there are none. */
  rows: Buffer;
  totalRows?: string;
  pageToken?: string;
}

/** What a page is asked for. A service that honours it sends nothing else, and `rows` is the only array in it. */
export const pageFields = ['rows', 'pageToken', 'totalRows'];

/** Throws for what is no JSON outside the rows; an answer that was cut off fails here, or its rows are no JSON for their reader. */
export function readPage(bytes: Buffer): Page {
  const start = startOfRows(bytes);
  if (start === null) return pageOf(JSON.parse(bytes.toString('utf8')), Buffer.alloc(0));
  const end = bytes.lastIndexOf(']');
  const asked = shellOf(bytes, start, end);
  if (asked !== null && Object.keys(asked).every((key) => pageFields.includes(key)))
    return pageOf(asked, bytes.subarray(start, end));
  const found = endOfArray(bytes, start);
  return pageOf(JSON.parse(shellText(bytes, start, found)), bytes.subarray(start, found));
}

/** Without what it does not say, in whichever way it does not say it. */
function pageOf({ totalRows, pageToken }: Shell, rows: Buffer): Page {
  const blank = rows.every((byte) => byte <= 0x20);
  return {
    rows: blank ? Buffer.alloc(0) : rows,
    ...(totalRows ? { totalRows: String(totalRows) } : {}),
    ...(pageToken ? { pageToken } : {}),
  };
}

interface Shell {
  totalRows?: string | number | null;
  pageToken?: string | null;
}

/** Behind the bracket of `"rows": [`. A quote inside a value is escaped, so what matches is the key and nothing else. */
function startOfRows(bytes: Buffer): number | null {
  const key = Buffer.from('"rows"');
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) {
    const colon = behindSpace(bytes, at + key.length);
    if (bytes[colon] !== colonByte) continue;
    const bracket = behindSpace(bytes, colon + 1);
    if (bytes[bracket] === openBracket) return bracket + 1;
  }
  return null;
}

function behindSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) <= 0x20) at += 1;
  return at;
}

function shellText(bytes: Buffer, start: number, end: number): string {
  return `${bytes.toString('utf8', 0, start)}${bytes.toString('utf8', end)}`;
}

function shellOf(bytes: Buffer, start: number, end: number): Shell | null {
  try {
    return JSON.parse(shellText(bytes, start, end));
  } catch {
    return null;
  }
}

const [quote, backslash, colonByte, openBracket, closeBracket] = [...Buffer.from('"\\:[]')];

/** Where the array ends that is open at `start`, found byte by byte: for a service that sends what nobody asked for behind the rows. */
function endOfArray(bytes: Buffer, start: number): number {
  let depth = 1;
  let inText = false;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === backslash) at += 1;
    else if (byte === quote) inText = !inText;
    else if (inText) continue;
    else if (byte === openBracket) depth += 1;
    else if (byte === closeBracket) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  throw new SyntaxError('The rows have no end');
}
