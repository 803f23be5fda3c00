/** Writes the slices of one export with DuckDB's COPY, in the dialect of the backend. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Settings } from '../settings.ts';
import type { Backend, Column, Table } from '../world.ts';
import type { Database } from './database.ts';
import { identifier, literal } from './quote.ts';
import { type Selection, selectRows } from './select.ts';
import { csvCell, printsAsText, storageType } from './types.ts';

export interface Unload {
  id: string;
  folder: string;
  table: Table;
  backend: Backend;
  selection: Selection;
  fileType: 'csv' | 'parquet';
  gzip: boolean;
  timezone?: string;
  settings: Settings;
}

/** Gzip keeps one core busy per slice, so a few slices are written at a time. */
const writers = 2;

/** Paths of the slices in the order of their rows. */
export async function unloadSlices(database: Database, unload: Unload): Promise<string[]> {
  const { sql, columns } = selectRows(unload.table, unload.selection);
  mkdirSync(unload.folder, { recursive: true });
  if (columns.length === 0) return emptySlices(unload);
  const result = identifier(`unload_${unload.id}`);
  await database.read((connection) => connection.run(`CREATE TABLE ${result} AS ${sql}`));
  const total = Number((await database.rows(`SELECT count(*) FROM ${result}`))[0]![0]);
  const perSlice = unload.settings.isSliced ? unload.settings.sliceRows : Math.max(total, 1);
  const count = Math.ceil(total / perSlice);
  const paths = Array.from({ length: count }, (_, n) => join(unload.folder, `slice-${n}`));
  let next = 0;
  const writeSlices = () =>
    database.read(async (connection) => {
      while (next < count) {
        const n = next;
        next += 1;
        const part = `FROM ${result} WHERE rowid >= ${n * perSlice} AND rowid < ${(n + 1) * perSlice}`;
        if (unload.fileType === 'parquet') await copyParquet(connection, unload, columns, part, paths[n]!);
        else await copyCsv(connection, unload, columns, part, paths[n]!);
      }
    });
  await Promise.all(Array.from({ length: Math.min(writers, count) }, writeSlices));
  await database.read((connection) => connection.run(`DROP TABLE ${result}`));
  return total === 0 ? emptySlices(unload) : paths;
}

function emptySlices({ settings, folder }: Unload): string[] {
  if (settings.emptyExport === 'no-entries' && settings.isSliced) return [];
  const path = join(folder, 'slice-0');
  writeFileSync(path, settings.emptyExport === 'empty-gz-slice' ? gzipSync('') : '');
  return [path];
}

async function copyCsv(connection: DuckDBConnection, unload: Unload, columns: Column[], part: string, path: string) {
  const { backend, settings, timezone } = unload;
  const fractions = settings.features.includes('snowflake-export-fractional-seconds');
  const cells = columns.map(
    (column, index) => `${csvCell(`o${index}`, column, { backend, fractions, timezone })} AS o${index}`,
  );
  if (unload.selection.includeInternalTimestamp)
    cells.push(`strftime(o_timestamp, '%Y-%m-%d %H:%M:%S') AS o_timestamp`);
  const quoted = columns.flatMap((column, index) => {
    if (backend === 'bigquery' || settings.csvQuoting === 'minimal') return [];
    return settings.csvQuoting === 'all' || printsAsText(column) ? [`o${index}`] : [];
  });
  const header = !settings.isSliced && settings.unslicedHeader;
  // The header of an unsliced file carries the real names; the cells keep their neutral ones until here.
  const named = header ? columns.map((column, index) => `o${index} AS ${identifier(column.name)}`).join(', ') : '*';
  const options = [
    'FORMAT csv',
    `HEADER ${header}`,
    `NULLSTR ''`,
    `COMPRESSION ${unload.gzip ? 'gzip' : 'none'}`,
    ...(quoted.length > 0 && !header ? [`FORCE_QUOTE (${quoted.join(', ')})`] : []),
  ];
  await connection.run(
    `COPY (SELECT ${named} FROM (SELECT ${cells.join(', ')} ${part})) TO ${literal(path)} (${options.join(', ')})`,
  );
}

async function copyParquet(
  connection: DuckDBConnection,
  unload: Unload,
  columns: Column[],
  part: string,
  path: string,
) {
  const cells: string[] = [];
  for (const [index, column] of columns.entries()) {
    const kept = storageType(column, unload.backend);
    const type = unload.backend === 'snowflake' ? await fittingType(connection, kept, index, part) : kept;
    cells.push(`o${index}::${type} AS ${identifier(column.name)}`);
  }
  if (unload.selection.includeInternalTimestamp) cells.push('o_timestamp AS "_timestamp"');
  await connection.run(
    `COPY (SELECT ${cells.join(', ')} ${part}) TO ${literal(path)} (FORMAT parquet, COMPRESSION ${unload.gzip ? 'snappy' : 'uncompressed'})`,
  );
}

/** Snowflake writes a number with the smallest precision that fits this one file. */
async function fittingType(connection: DuckDBConnection, kept: string, index: number, part: string): Promise<string> {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(kept);
  if (!decimal) return kept;
  const scale = Number(decimal[2]);
  const largest = (await connection.runAndReadAll(`SELECT max(abs(o${index}))::VARCHAR ${part}`)).getRowsJson()[0]![0];
  const digits = String(largest ?? '0')
    .split('.')[0]!
    .replace(/^0+/, '').length;
  return `DECIMAL(${Math.max(digits + scale, 1)},${scale})`;
}
