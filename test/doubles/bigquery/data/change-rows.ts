/** Changes of rows. Nothing is overwritten: rows are born and die at a moment, so earlier moments stay readable. */

import { ident } from '../model/quote.ts';
import { type CellValue, literal } from '../model/sql-literals.ts';
import { partitionIdSql, unpartitioned } from './partitions.ts';
import { physicalName, type Table } from './table.ts';
import type { Warehouse } from './warehouse.ts';

export type Row = Record<string, CellValue>;

export interface InsertOptions {
  /** Rows of the streaming buffer belong to no partition until they are flushed. */
  streaming?: boolean;
}

export async function insertRows(
  warehouse: Warehouse,
  table: Table,
  rows: Row[],
  options: InsertOptions = {},
): Promise<void> {
  const stamp = await warehouse.clock.nextStamp();
  await insertLiterals(warehouse, table, rows, stamp, options);
  table.changes.push(stamp);
}

/** Inserts what a DuckDB SELECT returns; its columns must come in the order and types of the table. */
export async function insertSelect(
  warehouse: Warehouse,
  table: Table,
  sql: string,
  options: InsertOptions = {},
): Promise<void> {
  const stamp = await warehouse.clock.nextStamp();
  await insertFrom(warehouse, table, sql, stamp, options);
  table.changes.push(stamp);
}

/** Ends the life of the rows a DuckDB condition names; without one, of all. */
export async function deleteRows(warehouse: Warehouse, table: Table, condition = 'true'): Promise<void> {
  const stamp = await warehouse.clock.nextStamp();
  await endRows(warehouse, table, condition, stamp);
  table.changes.push(stamp);
}

/** All rows anew, in one moment. */
export async function replaceRows(warehouse: Warehouse, table: Table, rows: Row[]): Promise<void> {
  const stamp = await warehouse.clock.nextStamp();
  await endRows(warehouse, table, 'true', stamp);
  await insertLiterals(warehouse, table, rows, stamp, {});
  table.changes.push(stamp);
}

/** Sets columns by DuckDB expressions: the old rows die and the new ones are born in the same moment. */
export async function updateRows(
  warehouse: Warehouse,
  table: Table,
  set: Record<string, string>,
  condition: string,
): Promise<void> {
  const stamp = await warehouse.clock.nextStamp();
  const columns = table.fields.map((f) => (f.name in set ? `${set[f.name]} AS ${ident(f.name)}` : ident(f.name)));
  const updated = `SELECT ${columns.join(', ')} FROM ${physicalName(table)} WHERE __to IS NULL AND (${condition})`;
  await warehouse.duck.run(`CREATE OR REPLACE TABLE __updated AS ${updated}`);
  await endRows(warehouse, table, condition, stamp);
  await insertFrom(warehouse, table, 'SELECT * FROM __updated', stamp, {});
  await warehouse.duck.run('DROP TABLE __updated');
  table.changes.push(stamp);
}

/** Moves the streaming buffer's rows to the partitions they belong to. */
export async function flushStreamingBuffer(warehouse: Warehouse, table: Table): Promise<void> {
  const stamp = await warehouse.clock.nextStamp();
  const name = physicalName(table);
  await warehouse.duck.run(
    `UPDATE ${name} SET __part = ${partitionIdSql(table, stamp)}, __from = ${stamp} WHERE __part = '${unpartitioned}'`,
  );
  table.changes.push(stamp);
}

async function insertLiterals(
  warehouse: Warehouse,
  table: Table,
  rows: Row[],
  stamp: number,
  options: InsertOptions,
): Promise<void> {
  const names = table.fields.map((f) => ident(f.name)).join(', ');
  const batches = chunked(rows, 500).map((batch) => batch.map((row) => rowLiteral(table, row)).join(',\n'));
  for (const batch of batches)
    await insertFrom(warehouse, table, `SELECT * FROM (VALUES ${batch}) v(${names})`, stamp, options);
}

async function endRows(warehouse: Warehouse, table: Table, condition: string, stamp: number): Promise<void> {
  await warehouse.duck.run(`UPDATE ${physicalName(table)} SET __to = ${stamp} WHERE __to IS NULL AND (${condition})`);
}

async function insertFrom(
  warehouse: Warehouse,
  table: Table,
  sql: string,
  stamp: number,
  options: InsertOptions,
): Promise<void> {
  const names = table.fields.map((f) => ident(f.name));
  const partition = options.streaming ? `'${unpartitioned}'` : partitionIdSql(table, stamp);
  await warehouse.duck.run(
    `INSERT INTO ${physicalName(table)} SELECT *, ${stamp}, NULL, ${partition} FROM (${sql}) v(${names.join(', ')})`,
  );
}

function rowLiteral(table: Table, row: Row): string {
  const unknown = Object.keys(row).find((name) => !table.fields.some((f) => f.name === name));
  if (unknown) throw new Error(`no column ${unknown} in ${table.id}`);
  return `(${table.fields.map((f) => literal(row[f.name], f.type)).join(', ')})`;
}

function chunked<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
