/** Rewrites a messy file as a clean one in scratch: each good row with the number of its line, each bad row as a reject. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { AttacheError } from '../../errors/attache-error.ts';
import { badFile } from './file-fault.ts';
import type { Contract } from './options.ts';
import type { Dialect } from './parse-record.ts';
import { decoded, OpenQuote, type RawRecord, readRecords } from './read-records.ts';

/** More rejects of one file than anyone reads, and than memory should hold. */
export const mostRejects = 100_000;

/** A row that cannot be taken, or that may turn out not to fit its types. */
export interface BadRow {
  line: number;
  reason: string;
  raw: string;
}

export interface Rewritten {
  /** Rows in the clean file: `line`, then the cells. */
  rows: number;
  bad: BadRow[];
  /** Bytes of the longest row in the clean file. */
  longestLine: number;
}

/** Writes the rows of `text` that have `width` cells to `target`. Throws when a quote is open at the end of the file. */
export async function rewriteCarefully(
  file: string,
  text: AsyncIterable<Buffer>,
  {
    dialect,
    contract,
    width,
    target,
    decodedText,
    cut = false,
  }: {
    dialect: Dialect;
    contract: Pick<Contract, 'header' | 'skip' | 'comment' | 'null_values' | 'pad_short_rows'>;
    width: number;
    target: string;
    decodedText: boolean;
    /** The text is the beginning of a longer one. */
    cut?: boolean;
  },
): Promise<Rewritten> {
  const out = createWriteStream(target);
  const opened = once(out, 'open');
  const result: Rewritten = { rows: 0, bad: [], longestLine: 0 };
  const nulls = new Set(contract.null_values);
  // What the strict reader takes as it is.
  const usual = dialect.delimiter === ',' && dialect.quote === '"' && dialect.escape === '"' && nulls.size === 0;
  let isHeader = contract.header;
  try {
    await opened;
    for await (const batch of readRecords(text, dialect, {
      skip: contract.skip,
      comment: contract.comment,
      oneColumn: width === 1,
      cut,
    })) {
      let lines = '';
      for (const record of batch) {
        if (isHeader) {
          isHeader = false;
          continue;
        }
        const fault = faultOf(record, width, contract.pad_short_rows, decodedText);
        if (fault !== null) {
          reject(file, result.bad, { line: record.line, reason: fault, raw: shown(record.raw) });
          continue;
        }
        const asItIs = usual && record.values.length === width && !record.raw.includes('\r');
        const line = `${record.line}${asItIs ? `,${record.raw}` : cellsOf(record, width, nulls)}\n`;
        if (line.length > result.longestLine) result.longestLine = line.length;
        result.rows += 1;
        lines += line;
      }
      if (lines !== '' && !out.write(lines, 'latin1')) await once(out, 'drain');
    }
    out.end();
    await once(out, 'close');
    return result;
  } catch (thrown) {
    if (thrown instanceof OpenQuote)
      throw badFile(
        file,
        `${thrown.message}, so it swallows every row to the end of the file`,
        'Close the quote in the file, or set `quote` to "" when cells are not quoted; the table keeps its data.',
      );
    throw thrown;
  } finally {
    out.destroy();
  }
}

/** Keeps a bad row; too many of one file end the reading. */
export function reject(file: string, bad: BadRow[], row: BadRow): void {
  bad.push(row);
  if (bad.length < mostRejects) return;
  throw new AttacheError('too_many_rejects', {
    message: `More than ${mostRejects} rows of the file ${file} cannot be taken; the last one on line ${row.line}: ${row.reason}.`,
    hint: 'The table keeps its data. Look at the first rows of the file and at the delimiter and types of the registration.',
  });
}

/** The character that stands where bytes meant nothing in the file's encoding, as UTF-8 bytes. */
const replacement = '\xef\xbf\xbd';

/** Why the row cannot be taken, or null. */
export function faultOf(record: RawRecord, width: number, pad: boolean, decodedText: boolean): string | null {
  if (record.fault !== null) return record.fault;
  if (decodedText && record.raw.includes(replacement)) return "bytes that are not valid in the file's encoding";
  const cells = record.values.length;
  // DuckDB's reader takes one empty cell too many for a trailing delimiter.
  if (cells === width || (cells === width + 1 && record.values[width] === '' && record.quoted[width] === false))
    return null;
  if (cells < width) return pad ? null : `${cells} ${cells === 1 ? 'cell' : 'cells'} instead of ${width}`;
  return `${cells} ${cells === 1 ? 'cell' : 'cells'} instead of ${width}`;
}

function cellsOf({ values, quoted }: RawRecord, width: number, nulls: ReadonlySet<string>): string {
  let line = '';
  for (let index = 0; index < width; index += 1) {
    const value = values[index];
    if (value === undefined || (quoted[index] === false && (value === '' || nulls.has(decoded(value))))) line += ',';
    else line += `,"${value.includes('"') ? value.replaceAll('"', '""') : value}"`;
  }
  return line;
}

/** What people are shown of a row: enough to find it. */
export function shown(raw: string): string {
  return decoded(raw.length > 2_000 ? `${raw.slice(0, 2_000)}…` : raw);
}
