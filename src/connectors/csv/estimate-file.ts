/** How many rows a file may hold, from its beginning: no more than a plan needs to say. */
import { probe } from '../../duckdb/probe.ts';
import { fileLiteral } from '../../duckdb/quote.ts';
import { headText, openFile } from './inspect-file.ts';
import type { FoundFile } from './list-files.ts';
import type { Contract } from './options.ts';

/** Rows are unknown where the beginning of a packed file says nothing of the whole, and where the file cannot be read. */
export async function estimateFile(
  file: FoundFile,
  contract: Contract,
): Promise<{ rows: number | null; bytes: number }> {
  return { rows: await rowsOf(file, contract).catch(() => null), bytes: file.size };
}

async function rowsOf(file: FoundFile, contract: Contract): Promise<number | null> {
  const { format, packing } = await openFile(file);
  if (format === 'parquet') return parquetRows(file);
  if (format === 'json') return null;
  if (!packing.complete && packing.compression !== 'none') return null;
  let lines = 0;
  let bytes = 0;
  for await (const text of headText(packing, contract.encoding)) {
    bytes += text.length;
    for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) lines += 1;
    if (text.length > 0 && text.at(-1) !== 10) lines += 1;
  }
  if (bytes === 0) return null;
  const inFile = packing.complete ? lines : Math.round((lines * file.size) / packing.head.length);
  return Math.max(0, inFile - (format === 'csv' ? contract.skip + (contract.header ? 1 : 0) : 0));
}

async function parquetRows(file: FoundFile): Promise<number> {
  const row = await probe((session) =>
    session.first<{ n: string }>(`SELECT num_rows AS n FROM parquet_file_metadata(${fileLiteral(file.path)})`),
  );
  return Number(row?.n);
}
