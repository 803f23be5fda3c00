/** Rows from places all over a large file, so that a type is found by more than how the file begins. */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FoundFile } from './list-files.ts';
import type { Contract } from './options.ts';
import type { Dialect } from './parse-record.ts';
import { OpenQuote, readRecords } from './read-records.ts';
import { faultOf } from './rewrite-carefully.ts';

const places = 14;
/** Line ends tried in a place, one of which is no part of a cell. */
const mostEntries = 50;

/**
 * Whole rows of `width` cells, about `bytes` of them, from places between `from` and the end of an unpacked UTF-8 file; the last place is its end.
 * A place is entered at a line's end, which may lie in a quoted cell: then the next ones are tried, and a place whose rows do not all fit tells nothing and is left out.
 */
export async function samplePlaces(
  { path, size }: FoundFile,
  { from, bytes, width }: { from: number; bytes: number; width: number },
  dialect: Dialect,
  contract: Contract,
): Promise<Buffer[]> {
  const length = Math.min(Math.floor(bytes / places), size - from);
  const file = await open(path, 'r');
  try {
    const found: Buffer[] = [];
    for (let place = 1; place <= places; place += 1) {
      const buffer = Buffer.alloc(length);
      const position = from + Math.floor(((size - from - length) * place) / places);
      const { bytesRead } = await file.read(buffer, 0, length, position);
      const rows = await wholeRows(buffer.subarray(0, bytesRead), width, dialect, contract, place === places);
      if (rows !== null) found.push(rows);
    }
    return found;
  } finally {
    await file.close();
  }
}

/** The rows behind the first line end at which all of them fit; null when there is none among the first. */
async function wholeRows(
  place: Buffer,
  width: number,
  dialect: Dialect,
  contract: Contract,
  last: boolean,
): Promise<Buffer | null> {
  const lineEnd = dialect.carriageReturn ? 13 : 10;
  let begin = place.indexOf(lineEnd) + 1;
  for (let tries = 0; begin > 0 && tries < mostEntries; tries += 1) {
    const rows = await rowsFrom(place.subarray(begin), width, dialect, contract, last);
    if (rows !== null) return rows;
    begin = place.indexOf(lineEnd, begin) + 1;
  }
  return null;
}

async function rowsFrom(
  text: Buffer,
  width: number,
  dialect: Dialect,
  contract: Contract,
  last: boolean,
): Promise<Buffer | null> {
  let rows = '';
  try {
    const look = { comment: contract.comment, oneColumn: width === 1, cut: !last };
    for await (const batch of readRecords(Readable.from([text]), dialect, look)) {
      if (batch.some((record) => faultOf(record, width, contract.pad_short_rows, false) !== null)) return null;
      rows += batch.map(({ raw, end }) => raw + end).join('');
    }
  } catch (thrown) {
    if (thrown instanceof OpenQuote) return null;
    throw thrown;
  }
  return rows === '' ? null : Buffer.from(rows, 'latin1');
}
