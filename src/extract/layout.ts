/** How a table is laid out in files: sizes are chosen once and then kept, so that borders stay where they are. Pure. */
import type { ReadPlan } from '../connectors/read-way.ts';
import type { TableState } from './table-state.ts';

/** DuckDB's own default, a multiple of its vector size. */
const defaultRowGroupRows = 122_880;
const smallestRowGroupRows = 2_048;
/** Text bytes of a row group: the Parquet writer holds whole row groups in memory whatever the limit says. */
const rowGroupBytes = 48 * 1024 * 1024;
/** Bytes in memory at which a row group of a stream ends whatever its rows: the width of rows is only an estimate. */
export const mostRowGroupBytes = 80 * 1024 * 1024;

export const partBytes = { target: 96 * 1024 * 1024, largest: 144 * 1024 * 1024 };

/** Rows of a row group: as before where there is a before, else by the width of the rows. */
export function rowGroupRowsOf(plan: ReadPlan, state: TableState | null): number {
  return state?.row_group_rows ?? rowGroupRowsFor(plan.rowBytes);
}

function rowGroupRowsFor(rowBytes: number | undefined): number {
  if (rowBytes === undefined || rowBytes * defaultRowGroupRows <= rowGroupBytes) return defaultRowGroupRows;
  const fitting = 2 ** Math.floor(Math.log2(rowGroupBytes / rowBytes));
  return Math.max(smallestRowGroupRows, Math.min(defaultRowGroupRows, fitting));
}

/** Rows of a part so that parts of a file of `rows` rows in `bytes` come out near the target; null when the file is one part. */
export function partRowsFor(rows: number, bytes: number, rowGroupRows: number): number | null {
  if (bytes <= partBytes.largest) return null;
  const groups = Math.max(1, Math.round((rows * partBytes.target) / bytes / rowGroupRows));
  return groups * rowGroupRows;
}
