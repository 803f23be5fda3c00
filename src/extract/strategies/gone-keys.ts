/** Finds the keys that the table has and the source has not: only keys are read. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnPlan, ReadPlan } from '../../connectors/read-way.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { LossyColumns, withColumnsAsBefore } from '../columns.ts';
import { copyStatement } from '../copy-statement.ts';
import { type Staged, stage, unionOf } from '../stage.ts';
import { keyList, keyOf } from './key-ranges.ts';
import type { TableWork } from './table-work.ts';

export async function goneKeys(work: TableWork): Promise<{ files: string[]; remove(): Promise<void> }> {
  const { run, table, before, columns, rowGroupRows } = work;
  const keys = { ...table, options: { ...table.options, columns: table.primary_key } };
  const plan = await run.reading.plan(keys, {
    range: { kind: 'all' },
    previousFingerprint: null,
    previousColumns: before.columns,
    remembered: null,
  });
  if (plan.kind !== 'read')
    throw new AttacheError('source_failed', {
      message: `The keys of ${table.id} could not be read: the source answered ${plan.kind}.`,
      retryable: true,
    });
  const key = keyOf(table, columns);
  // Only values of the very same type are equal when they are the same.
  const keyColumns = withColumnsAsBefore(
    plan.columns.filter((column) => key.names.includes(column.name)),
    columns,
  ).columns;
  const staged = await stageKeys(work, plan, keyColumns);
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

/** A key that does not fit is told by its place among the table's columns, where it can be widened. */
async function stageKeys(
  { run, table, columns, rowGroupRows }: TableWork,
  plan: ReadPlan,
  keyColumns: ColumnPlan[],
): Promise<Staged> {
  try {
    return await stage(run, table, { ...plan, columns: keyColumns }, keyColumns, rowGroupRows);
  } catch (thrown) {
    if (!(thrown instanceof LossyColumns)) throw thrown;
    const place = (index: number) => columns.findIndex(({ name }) => name === keyColumns[index]?.name);
    throw new LossyColumns(new Map([...thrown.counts].map(([index, count]) => [place(index), count])));
  }
}
