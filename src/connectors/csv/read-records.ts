/** Walks the records of a text with their true line numbers: for a header, for finding a dialect, and for files that DuckDB's strict reader refuses. */
import { isUtf8 } from 'node:buffer';
import { type Dialect, type Parsed, parseRecord } from './parse-record.ts';

export interface RawRecord extends Omit<Parsed, 'next'> {
  /** Of the line the record begins on, counted from 1 in the file. */
  line: number;
  /** The record as it stands in the file, one character for each byte. */
  raw: string;
}

/** A quote that is still open at the end of the file: everything behind it may belong to that cell. */
export class OpenQuote extends Error {
  readonly line: number;

  constructor(line: number) {
    super(`a quote opened on line ${line} is never closed`);
    this.line = line;
  }
}

const longestRecord = 256 << 20;
const batchRecords = 1_000;

/** All records after `skip` lines, blank lines and lines of comment left out. A blank line is a record where `oneColumn` is true. Of text that is `cut` somewhere, a record that the cut may have hit is left out. */
export async function* readRecords(
  bytes: AsyncIterable<Buffer>,
  dialect: Dialect,
  {
    skip = 0,
    comment = null,
    oneColumn = false,
    cut = false,
  }: { skip?: number; comment?: string | null; oneColumn?: boolean; cut?: boolean },
): AsyncGenerator<RawRecord[]> {
  const lineEnd = dialect.carriageReturn ? '\r' : '\n';
  let text = '';
  let line = 1;
  let toSkip = skip;
  /** Text shorter than this is not looked at again: a long cell is not parsed anew with each chunk. */
  let worthwhile = 0;

  function* take(final: boolean): Generator<RawRecord[]> {
    let position = 0;
    let batch: RawRecord[] = [];
    while (position < text.length) {
      const skipped = toSkip > 0 || (comment !== null && text[position] === comment);
      if (skipped) {
        const at = text.indexOf(lineEnd, position);
        if (at < 0 && !final) break;
        position = at < 0 ? text.length : at + 1;
        toSkip = Math.max(0, toSkip - 1);
        line += 1;
        continue;
      }
      const parsed = parseRecord(text, position, final, dialect);
      if ('openQuote' in parsed) {
        if (final || text.length - position > longestRecord) throw new OpenQuote(line);
        break;
      }
      const { next, ...record } = parsed;
      const raw = text.slice(position, next);
      if (oneColumn || !isBlank(record)) {
        const shown = raw.slice(0, raw.length - record.end.length);
        batch.push({ ...record, ...faultOfBytes(record, raw), line, raw: shown });
      }
      line += countOf(raw, lineEnd);
      position = next;
      if (batch.length < batchRecords) continue;
      yield batch;
      batch = [];
    }
    text = text.slice(position);
    worthwhile = text.length * 2;
    if (batch.length > 0) yield batch;
  }

  for await (const chunk of bytes) {
    text += chunk.toString('latin1');
    if (text.length < worthwhile) continue;
    yield* take(false);
  }
  yield* take(!cut);
}

const isBlank = ({ values, quoted }: Pick<Parsed, 'values' | 'quoted'>) =>
  values.length === 1 && values[0] === '' && quoted[0] === false;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is "any byte beyond ASCII".
const beyondAscii = /[^\x00-\x7f]/;

/** Bytes that are not UTF-8 make the row unreadable. */
function faultOfBytes(record: { fault: string | null }, raw: string): { fault: string | null } {
  if (record.fault !== null || !beyondAscii.test(raw) || isUtf8(Buffer.from(raw, 'latin1')))
    return { fault: record.fault };
  return { fault: 'bytes that are not valid UTF-8' };
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

/** Text of one character for each byte as people read it. */
export function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
