/** Keeps U+FEFF at the beginning of a first cell: DuckDB takes one mark at the beginning of a file for none of its text, so it is given a second. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import type { SliceFacts } from './slice-check.ts';

const mark = Buffer.from('\ufeff');

export async function keepMark(file: string, { form, head }: SliceFacts): Promise<void> {
  if (form === 'parquet' || !head.subarray(0, mark.length).equals(mark)) return;
  // A gz may consist of several, one behind the other.
  const marked = createWriteStream(`${file}.marked`, { mode: 0o600 });
  marked.write(form === 'gz' ? gzipSync(mark) : mark);
  await pipeline(createReadStream(file), marked);
  await rename(`${file}.marked`, file);
}
