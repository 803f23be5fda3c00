/** Writes a query's rows to sealed parts of the table being worked on. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Part } from '../../contract/shapes.ts';
import type { Session } from '../../duckdb/session.ts';
import { copyStatement } from '../copy-statement.ts';
import { sealFile } from '../load-piece.ts';
import type { TableWork } from './table-work.ts';

/** The parts that hold the rows of `query` in the order given; none when there are no rows. Cut where they are too large for one part. */
export async function sealQuery(
  work: TableWork,
  session: Session,
  query: string,
  orderBy: string,
  mark: string,
): Promise<Part[]> {
  const { run, table, rowGroupRows } = work;
  const directory = join(run.scratch, `query-${randomUUID()}`);
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'rows.parquet');
  try {
    const written = await session.copyToParquet(copyStatement(query, { file, rowGroupRows, orderBy, mark }));
    return (await sealFile(run, table, file, written, rowGroupRows, null)).parts;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
