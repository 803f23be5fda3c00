/** Brings a stream of a read session to the disk, as a file that DuckDB reads. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readParquet } from '../../duckdb/read-files.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { PieceWay } from '../read-way.ts';
import { type ArrowField, readSchema } from './arrow/arrow-type.ts';
import { groupBytes, ParquetFile } from './arrow/parquet-file.ts';
import { readBatch } from './arrow/record-batch.ts';
import { sliceBatch } from './arrow/slice-batch.ts';
import type { Field } from './fields.ts';
import type { StorageSession } from './read-session.ts';
import type { Storage } from './storage-client.ts';

export interface DownloadedStream {
  path: string;
  rows: number;
  remove(): Promise<void>;
}

/** The columns come in the service’s order and go to the file in ours. */
export async function downloadStream(
  storage: Storage,
  session: StorageSession,
  stream: string,
  fields: readonly Field[],
  { scratch, signal, progress }: Pick<PieceWay, 'scratch' | 'signal' | 'progress'>,
  name: string,
): Promise<DownloadedStream> {
  const columns = readSchema(session.schema);
  const order = fields.map((field) => positionOf(columns, field.name));
  const path = join(scratch, `stream-${name}.parquet`);
  const file = await ParquetFile.create(
    path,
    order.map((position) => columns[position]!),
  );
  try {
    for await (const message of storage.readStream(stream, signal)) {
      const batch = readBatch(columns, message);
      const ours = { rows: batch.rows, columns: order.map((position) => batch.columns[position]!) };
      for (const slice of sliceBatch(ours, message.length, groupBytes)) await file.add(slice);
      progress(message.length);
    }
    await file.finish();
  } catch (thrown) {
    await file.abandon();
    throw thrown;
  }
  return { path, rows: file.rows, remove: () => rm(path, { force: true }) };
}

export function storedRelation(paths: readonly string[]): string {
  return readParquet(paths);
}

function positionOf(fields: readonly ArrowField[], name: string): number {
  const position = fields.findIndex((field) => field.name === name);
  if (position >= 0) return position;
  throw new AttacheError('source_failed', {
    message: `The read session has no column ${name}.`,
    hint: 'The table changed while it was looked at. Sync it again.',
    retryable: true,
  });
}
