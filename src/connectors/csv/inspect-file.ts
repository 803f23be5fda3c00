/** Looks at the beginning of a file: what format it has, what its columns are called, and whether DuckDB's strict reader may have it. */
import { columnNames, numberedNames } from './column-names.ts';
import { badFile } from './file-fault.ts';
import type { FoundFile } from './list-files.ts';
import type { Contract } from './options.ts';
import type { Dialect } from './parse-record.ts';
import { isUtf8, type Packing, readPacking, readText } from './read-bytes.ts';
import { decoded, OpenQuote, type RawRecord, readRecords } from './read-records.ts';

type Format = 'csv' | 'ndjson' | 'json' | 'parquet';

export interface OpenedFile {
  file: FoundFile;
  format: Format;
  packing: Packing;
}

const headerLimit = 32 << 20;

/** The format by content, and by name where content cannot tell. Refuses what is none of ours, saying what it is. */
export async function openFile(file: FoundFile): Promise<OpenedFile> {
  if (file.size === 0)
    throw badFile(
      file.name,
      'it is empty (zero bytes), so it cannot say whether there are rows',
      'Wait for a whole file, or delete this one if its rows are to go.',
    );
  const packing = await readPacking(file.path, file.name);
  if (packing.head.length === 0)
    throw badFile(file.name, 'it holds nothing after decompression, so it cannot say whether there are rows');
  const alien = packing.marked === null ? alienOf(packing.head) : null;
  if (alien !== null) throw badFile(file.name, `it is ${alien}`, 'Save it as CSV, NDJSON or Parquet.');
  return { file, format: formatOf(file.name, packing), packing };
}

function formatOf(name: string, { head, marked }: Packing): Format {
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  const plain = name.toLowerCase().replace(/\.(gz|gzip|zst|zstd)$/, '');
  const json = /\.(ndjson|jsonl|json)$/.test(plain);
  if (!json) return 'csv';
  return head
    .subarray(marked === 'utf-8' ? 3 : 0, 4096)
    .toString('utf8')
    .trimStart()
    .startsWith('[')
    ? 'json'
    : 'ndjson';
}

/** What a file is that certainly holds no table of ours. */
function alienOf(head: Buffer): string | null {
  const start = head.subarray(0, 8).toString('latin1');
  if (start.startsWith('PK\x03\x04')) return 'a zip archive or an Excel workbook';
  if (start.startsWith('\xd0\xcf\x11\xe0')) return 'an old Excel or Office file';
  if (start.startsWith('%PDF')) return 'a PDF document';
  if (start.startsWith('SQLite f')) return 'an SQLite database';
  if (start.startsWith('7z\xbc\xaf') || start.startsWith('BZh') || start.startsWith('\xfd7zXZ'))
    return 'an archive of a kind that is not supported (gz and zst are)';
  if (/^\s*<(!doctype html|html|\?xml)/i.test(head.subarray(0, 256).toString('latin1')))
    return 'a web page or an XML document';
  return null;
}

/** The beginning of a file of separated values. */
export interface SeparatedHead {
  names: string[];
  notes: string[];
  dialect: Dialect;
  /** Nothing but the header. */
  empty: boolean;
  /** The one way all rows seen end, or null when it is not one. */
  lineEnd: '\n' | '\r\n' | null;
}

/** Reads the header of a file of separated values. `columns` are the table's, for files without a header. */
export async function readSeparatedHead(
  { file, packing }: OpenedFile,
  contract: Contract,
  columns: readonly string[],
): Promise<SeparatedHead> {
  const dialect = { ...contract, carriageReturn: endsAtCarriageReturn(packing, contract.encoding) };
  const look = (seen: Packing) => firstRecords(seen, file.name, contract, dialect);
  let records = await look(packing);
  if (records.length === 0 && !packing.complete)
    records = await look(await readPacking(file.path, file.name, headerLimit));
  const first = records[0];
  if (first === undefined)
    throw badFile(file.name, 'it has no header and no rows, so it cannot say whether there are rows');
  if (contract.header && first.fault !== null) throw badFile(file.name, `its header cannot be read: ${first.fault}`);
  const ends = new Set(records.map((record) => record.end).filter((end) => end !== ''));
  const lineEnd = ends.size === 1 && !ends.has('\r') ? ([...ends][0] as '\n' | '\r\n') : null;
  const { names, notes } = contract.header
    ? columnNames(first.values.map(decoded))
    : { names: columns.length > 0 ? [...columns] : numberedNames(first.values.length), notes: [] };
  return { names, notes, dialect, empty: contract.header && records.length === 1 && packing.complete, lineEnd };
}

/** As many whole records as the head holds. */
async function firstRecords(
  packing: Packing,
  name: string,
  contract: Contract,
  dialect: Dialect,
): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  const text = headText(packing, contract.encoding);
  try {
    for await (const batch of readRecords(text, dialect, contract)) records.push(...batch);
  } catch (thrown) {
    if (!(thrown instanceof OpenQuote)) throw thrown;
    if (packing.complete) throw badFile(name, thrown.message);
  }
  // The last record of a part of a file may be cut.
  return packing.complete ? records : records.slice(0, -1);
}

/** The head as UTF-8. */
export async function* headText({ head, marked }: Packing, encoding: string): AsyncGenerator<Buffer> {
  if (isUtf8(marked ?? encoding)) yield marked === 'utf-8' ? head.subarray(3) : head;
  else {
    const { default: iconv } = await import('iconv-lite');
    yield Buffer.from(iconv.decode(head, marked ?? encoding));
  }
}

function endsAtCarriageReturn({ head, marked }: Packing, encoding: string): boolean {
  const text = isUtf8(marked ?? encoding)
    ? head.toString('latin1', 0, 1 << 16)
    : head.toString('latin1', 0, 1 << 16).replaceAll('\0', '');
  return text.includes('\r') && !text.includes('\n');
}

/** Whether DuckDB's reader may have the text as it is: its dialect is one whose every deviation DuckDB refuses. */
export function isPlain(contract: Contract, head: SeparatedHead): boolean {
  return (
    head.lineEnd !== null &&
    contract.skip === 0 &&
    contract.comment === null &&
    contract.quote !== '' &&
    contract.escape === contract.quote
  );
}

/** The text of the whole file as UTF-8. */
export function textOf({ file, packing }: OpenedFile, encoding: string): AsyncGenerator<Buffer> {
  return readText(file.path, file.name, packing, encoding);
}
