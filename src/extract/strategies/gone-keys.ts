/** Finds the keys that the table has and the source has not: only keys are read. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AttacheError } from '../../errors/attache-error.ts';
import { copyStatement } from '../copy-statement.ts';
import { stage, unionOf } from '../stage.ts';
import { keyList, keyOf } from './key-ranges.ts';
import type { TableWork } from './table-work.ts';

export async function goneKeys({
  run,
  table,
  before,
  columns,
  rowGroupRows,
}: TableWork): Promise<{ files: string[]; remove(): Promise<void> }> {
  const keys = { ...table, options: { ...table.options, columns: table.primary_key } };
  const plan = await run.reading.plan(keys, {
    range: { kind: 'all' },
    previousFingerprint: null,
    previousColumns: null,
    remembered: null,
  });
  if (plan.kind !== 'read')
    throw new AttacheError('source_failed', {
      message: `The keys of ${table.id} could not be read: the source answered ${plan.kind}.`,
      retryable: true,
    });
  const key = keyOf(table, columns);
  const keyColumns = plan.columns.filter((column) => key.names.includes(column.name));
  const staged = await stage(run, table, { ...plan, columns: keyColumns }, keyColumns, rowGroupRows);
  const file = join(run.scratch, `gone-${randomUUID()}.parquet`);
  const session = await run.database.connect();
  try {
    const published = unionOf(
      (before.table?.parts ?? []).map((part) => join(run.folder.directory, part.path)),
      columns,
    );
    const query = `SELECT ${keyList(key)} FROM ${published} ANTI JOIN ${unionOf(staged.files, keyColumns)} USING (${keyList(key)})`;
    const written = await session.copyToParquet(
      copyStatement(query, { file, rowGroupRows, orderBy: '', mark: 'gone' }),
    );
    return { files: written.rows > 0 ? [file] : [], remove: () => rm(file, { force: true }) };
  } finally {
    session.close();
    await staged.remove();
  }
}
