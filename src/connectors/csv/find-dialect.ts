/** Finds, once, how a file of separated values is written: its encoding and its delimiter. Never used in a scheduled run. */
import { isUtf8 as isUtf8Bytes } from 'node:buffer';
import { badRequest } from './file-fault.ts';
import { headText, type OpenedFile } from './inspect-file.ts';
import { contractDefaults, type Options } from './options.ts';
import { isKnownEncoding } from './read-bytes.ts';
import { decoded, OpenQuote, type RawRecord, readRecords } from './read-records.ts';

const candidates = [',', ';', '\t', '|'] as const;

export interface FoundDialect {
  encoding: string;
  delimiter: string;
  /** Lines before the header, where the file itself says so. */
  skip?: number;
  notes: string[];
}

/** Dialect of a file, with what `given` already says. */
export async function findDialect(opened: OpenedFile, given: Options): Promise<FoundDialect> {
  const { encoding, notes } = findEncoding(opened, given);
  const hinted = given.skip === undefined ? await delimiterHint(opened, encoding) : null;
  if (hinted !== null && (given.delimiter ?? hinted) === hinted) {
    const note = `${opened.file.name} begins with a line for spreadsheets that names the delimiter; it is skipped`;
    return { encoding, delimiter: hinted, skip: 1, notes: [...notes, note] };
  }
  if (given.delimiter !== undefined) return { encoding, delimiter: given.delimiter, notes };
  const scores = [];
  for (const delimiter of candidates)
    scores.push({ delimiter, ...(await scoreOf(opened, given, encoding, delimiter)) });
  scores.sort(
    (a, b) => b.agreement * Math.min(b.columns, 2) - a.agreement * Math.min(a.columns, 2) || b.columns - a.columns,
  );
  const best = scores[0];
  if (best === undefined || best.columns < 2) return { encoding, delimiter: ',', notes };
  return { encoding, delimiter: best.delimiter, notes };
}

/** The character of a first line `sep=;`, which spreadsheets write and read. */
async function delimiterHint({ packing }: OpenedFile, encoding: string): Promise<string | null> {
  const first = await headText(packing, encoding).next();
  const head = first.done === true ? '' : first.value.toString('latin1', 0, 16);
  return /^"?sep=([^\r\n])"?\r?\n/i.exec(head)?.[1] ?? null;
}

/** How many columns the header has with this delimiter, and the share of the rows that agree. */
async function scoreOf(
  opened: OpenedFile,
  given: Options,
  encoding: string,
  delimiter: string,
): Promise<{ columns: number; agreement: number }> {
  const records = await sample(opened, given, encoding, delimiter);
  const columns = records[0]?.values.length ?? 0;
  if (columns < 2) return { columns, agreement: 0 };
  const agreeing = records.filter((record) => record.fault === null && record.values.length === columns).length;
  return { columns, agreement: agreeing / records.length };
}

const sampleRows = 2_000;

/** The first rows. */
async function sample(opened: OpenedFile, given: Options, encoding: string, delimiter: string): Promise<RawRecord[]> {
  const { quote, escape: escapeMark, skip, comment } = contractDefaults(given);
  const head = opened.packing.head.toString('latin1', 0, 1 << 16);
  const dialect = { delimiter, quote, escape: escapeMark, carriageReturn: head.includes('\r') && !head.includes('\n') };
  const records: RawRecord[] = [];
  try {
    for await (const batch of readRecords(headText(opened.packing, encoding), dialect, { skip, comment })) {
      records.push(...batch);
      if (records.length >= sampleRows) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof OpenQuote)) throw thrown;
  }
  // The last one may be cut where the head ends.
  const whole = opened.packing.complete ? records : records.slice(0, -1);
  return whole.slice(0, sampleRows);
}

function findEncoding({ file, packing }: OpenedFile, given: Options): { encoding: string; notes: string[] } {
  if (given.encoding !== undefined) {
    if (isKnownEncoding(given.encoding)) return { encoding: given.encoding, notes: [] };
    throw badRequest(
      '/options/encoding',
      `There is no encoding ${JSON.stringify(given.encoding)}.`,
      'Name one such as utf-8, utf-16le, latin1, windows-1250, windows-1252, shift_jis.',
    );
  }
  if (packing.marked !== null) return { encoding: packing.marked, notes: [] };
  const wide = wideEncoding(packing.head);
  if (wide !== null) return { encoding: wide, notes: [`${file.name} has no byte order mark and looks like ${wide}`] };
  if (isBinary(packing.head)) {
    throw badRequest(
      '/source_table',
      `${file.name} holds binary data, not text (it begins with ${JSON.stringify(decoded(packing.head.toString('latin1', 0, 16)))}).`,
      'Register a CSV, NDJSON or Parquet file, or give `encoding` when it is text.',
    );
  }
  if (mostLinesAreUtf8(packing.head)) return { encoding: 'utf-8', notes: [] };
  return {
    encoding: 'windows-1252',
    notes: [
      `${file.name} is not UTF-8; it is read as windows-1252: when letters look wrong, set \`encoding\`, e.g. to windows-1250 or iso-8859-2`,
    ],
  };
}

/** UTF-16 without a mark: every other byte of Latin text is zero. */
function wideEncoding(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const looked = Math.min(head.length, 4096) & ~1;
  if (looked < 8) return null;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < looked; at += 2) {
    if (head[at] === 0) even += 1;
    if (head[at + 1] === 0) odd += 1;
  }
  if (odd > looked / 4 && even === 0) return 'utf-16le';
  if (even > looked / 4 && odd === 0) return 'utf-16be';
  return null;
}

/** More control characters than any text has. */
function isBinary(head: Buffer): boolean {
  const looked = head.subarray(0, 4096);
  const controls = looked.filter((byte) => byte < 32 && ![9, 10, 13, 12, 27].includes(byte)).length;
  return controls > Math.max(2, looked.length / 50);
}

/** A few bad bytes are bad rows of a UTF-8 file; bad bytes in most lines with letters beyond ASCII are another encoding. */
function mostLinesAreUtf8(head: Buffer): boolean {
  const whole = head.subarray(0, head.lastIndexOf(10) + 1 || head.length);
  if (isUtf8Bytes(whole)) return true;
  const lines = whole
    .toString('latin1')
    .split('\n')
    .filter((line) => /[\x80-\xff]/.test(line));
  const good = lines.filter((line) => isUtf8Bytes(Buffer.from(line, 'latin1'))).length;
  return good > lines.length / 2;
}
