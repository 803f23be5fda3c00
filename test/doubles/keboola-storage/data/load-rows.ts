/** Imports: full and incremental, with the service's rules for `_timestamp`. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Table } from '../world.ts';
import type { Cell, Database } from './database.ts';
import { identifier, literal } from './quote.ts';
import { storageType } from './types.ts';

export type RowSource = Cell[][] | { sql: string };

export interface Import {
  rows: RowSource;
  incremental: boolean;
  /** Unix seconds that the import stamps on rows it writes. */
  stamp: number;
  /** Classic tables mostly hold '' where the file had nothing. */
  keepNulls: boolean;
}

export async function createPhysical(database: Database, table: Table): Promise<void> {
  const columns = table.columns.map((column) => `c${column.slot} ${storageType(column, table.bucket.backend)}`);
  await database.write((connection) =>
    connection.run(`CREATE TABLE ${identifier(table.physical)} (${[...columns, '_timestamp TIMESTAMP'].join(', ')})`),
  );
}

/** Returns whether any row is new, different or gone. */
export async function importRows(
  database: Database,
  table: Table,
  { rows, incremental, stamp, keepNulls }: Import,
): Promise<boolean> {
  return database.write(async (connection) => {
    await stageRows(connection, table, rows, keepNulls);
    const target = identifier(table.physical);
    const slots = table.columns.map((column) => `c${column.slot}`);
    const key = table.columns
      .filter((column) => table.primaryKey.includes(column.name))
      .map((column) => `c${column.slot}`);
    const same = (names: string[]) => names.map((name) => `t.${name} IS NOT DISTINCT FROM s.${name}`).join(' AND ');
    if (key.length > 0) {
      await connection.run(
        `DELETE FROM stage WHERE rowid NOT IN (SELECT max(rowid) FROM stage GROUP BY ${key.join(', ')})`,
      );
    }
    let removed = 0;
    if (!incremental) {
      removed = (await connection.run(`DELETE FROM ${target}`)).rowsChanged;
    } else if (key.length > 0) {
      removed = (
        await connection.run(`DELETE FROM ${target} t USING stage s WHERE ${same(key)} AND NOT (${same(slots)})`)
      ).rowsChanged;
    }
    const known =
      incremental && key.length > 0 ? `WHERE NOT EXISTS (SELECT 1 FROM ${target} t WHERE ${same(key)})` : '';
    const added = await connection.run(
      `INSERT INTO ${target} (${[...slots, '_timestamp'].join(', ')})
       SELECT ${slots.map((slot) => `s.${slot}, `).join('')} make_timestamp(${stamp}::BIGINT * 1000000) FROM stage s ${known}`,
    );
    await connection.run('DROP TABLE stage');
    return removed + added.rowsChanged > 0;
  });
}

export async function countRows(database: Database, table: Table): Promise<number> {
  return Number((await database.rows(`SELECT count(*) FROM ${identifier(table.physical)}`))[0]![0]);
}

async function stageRows(
  connection: DuckDBConnection,
  table: Table,
  rows: RowSource,
  keepNulls: boolean,
): Promise<void> {
  const backend = table.bucket.backend;
  const positions = table.columns.map((_, index) => `p${index}`);
  if (Array.isArray(rows)) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE raw (${positions.map((name) => `${name} VARCHAR`).join(', ')})`);
    const appender = await connection.createAppender('raw', null, 'temp');
    for (const row of rows) {
      for (const cell of row) {
        if (cell === null) appender.appendNull();
        else appender.appendVarchar(String(cell));
      }
      appender.endRow();
    }
    appender.closeSync();
  } else {
    await connection.run(`CREATE OR REPLACE TEMP VIEW raw AS SELECT * FROM (${rows.sql}) r(${positions.join(', ')})`);
  }
  const cells = table.columns.map((column, index) => {
    const cast = `p${index}::${storageType(column, backend)}`;
    return `${table.isTyped || keepNulls ? cast : `coalesce(${cast}, '')`} AS c${column.slot}`;
  });
  await connection.run(`CREATE OR REPLACE TEMP TABLE stage AS SELECT ${cells.join(', ')} FROM raw`);
  await connection.run(`DROP ${Array.isArray(rows) ? 'TABLE' : 'VIEW'} raw`);
}

/** Deletes rows by the values of one column; they leave no trace for `changedSince`. */
export async function removeRows(database: Database, table: Table, column: string, values: string[]): Promise<number> {
  const slot = table.columns.find((candidate) => candidate.name === column)!.slot;
  return database.write(async (connection) => {
    const list = values.map(literal).join(', ');
    return (await connection.run(`DELETE FROM ${identifier(table.physical)} WHERE c${slot}::VARCHAR IN (${list})`))
      .rowsChanged;
  });
}
