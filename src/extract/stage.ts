/** Brings a read into files of the run's own, not yet parts: what strategies that rearrange rows start from. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnPlan, ReadPlan, Reject } from '../connectors/read-way.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import { identifier } from '../duckdb/quote.ts';
import { readParquet } from '../duckdb/read-files.ts';
import { inParallel } from './in-parallel.ts';
import { scanPiece } from './load-piece.ts';
import type { Run } from './run.ts';

export interface Staged {
  /** Parquet files with the published columns; empty pieces have none. */
  files: string[];
  rows: number;
  /** Compressed bytes of all files. */
  bytes: number;
  rejects: Reject[];
  remove(): Promise<void>;
}

/** Brings every piece of a plan, in the order in which its rows arrive. */
export async function stage(
  run: Run,
  table: TableRequest,
  plan: ReadPlan,
  columns: readonly ColumnPlan[],
  rowGroupRows: number,
): Promise<Staged> {
  const directory = join(run.scratch, `staged-${randomUUID()}`);
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const pieces = await inParallel(run, plan.pieces, async (piece, signal) => {
      const folder = join(directory, randomUUID());
      await mkdir(folder, { recursive: true });
      const file = join(folder, 'staged.parquet');
      const { written, rejects } = await scanPiece(
        { ...run, signal },
        table,
        piece,
        { columns, rowGroupRows, orderBy: '' },
        file,
      );
      return { file, written, rejects };
    });
    return {
      files: pieces.filter((piece) => piece.written.rows > 0).map((piece) => piece.file),
      rows: pieces.reduce((sum, piece) => sum + piece.written.rows, 0),
      bytes: pieces.reduce((sum, piece) => sum + piece.written.sizeBytes, 0),
      rejects: pieces.flatMap((piece) => piece.rejects),
      remove,
    };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

/** The relation that is the union of Parquet files with the same columns; of no file, the empty one. */
export function unionOf(files: readonly string[], columns: readonly { name: string; type: string }[]): string {
  // A subquery has no name of its own, so two of them can be joined.
  if (files.length > 0) return `(SELECT * FROM ${readParquet(files)})`;
  const empty = columns.map((column) => `CAST(NULL AS ${column.type}) AS ${identifier(column.name)}`).join(', ');
  return `(SELECT ${empty} LIMIT 0)`;
}
