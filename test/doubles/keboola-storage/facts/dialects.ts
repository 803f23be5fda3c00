/** Facts about the CSV and parquet that the two backends write. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';
import { type Fact, orders, text } from './ground.ts';

const typed = [
  { name: 'n', type: 'NUMBER', length: '38,0' },
  { name: 'd', type: 'NUMBER', length: '12,2' },
  { name: 's', type: 'VARCHAR' },
  { name: 'b', type: 'BOOLEAN' },
  { name: 't', type: 'TIMESTAMP_NTZ', length: '9' },
];
const typedRows = [
  ['1', '1.50', '', 'true', '2024-02-03 04:05:06.789'],
  ['12345678901234567890', '1234567890.12', null, null, null],
];
const oddCells = [
  'a\rb',
  'a\r\nb',
  '"',
  '","',
  'a,b',
  '\ufeffbom',
  '\ue000',
  'nul\u0000nul',
  ' blank ',
  '',
  'ščř 😀',
  '\\N',
];
const enclosed = (cell: string) => `"${cell.replaceAll('"', '""')}"\n`;

export const dialectFacts: Fact[] = [
  [
    'Snowflake CSV: bare NULL, quoted empty string, timestamps in whole seconds',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.typed', columns: typed, rows: typedRows });
      expect(text(await client.slices('in.c-main.typed', { columns: 'n,d,s,b,t', gzip: true }))).toBe(
        '1,1.50,"",true,2024-02-03 04:05:06\n12345678901234567890,1234567890.12,,,\n',
      );
    },
  ],
  [
    'odd characters come out as they went in, every cell enclosed',
    async ({ client, control }) => {
      const rows = oddCells.map((cell, n) => [String(n), cell]);
      await control.project.load(orders, rows);
      expect(text(await client.slices(orders, { columns: 'name', gzip: true }))).toBe(oddCells.map(enclosed).join(''));
    },
  ],
  [
    'with minimal quoting the cells that need it are still enclosed, and read back the same',
    async ({ client, control }) => {
      const rows = oddCells.map((cell, n) => [String(n), cell]);
      await control.project.load(orders, rows);
      const expected = oddCells.map((cell) => (/[",\r\n]|^$/.test(cell) ? enclosed(cell) : `${cell}\n`)).join('');
      expect(text(await client.slices(orders, { columns: 'name', gzip: true }))).toBe(expected);
    },
    { csvQuoting: 'minimal' },
  ],
  [
    'the fractional feature brings fractions',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.typed', columns: typed, rows: typedRows });
      expect(text(await client.slices('in.c-main.typed', { columns: 't', gzip: true }))).toContain('04:05:06.789');
    },
    { features: ['snowflake-export-fractional-seconds'] },
  ],
  [
    'a TIMESTAMP_TZ loses its offset in CSV and ends a parquet job in error',
    async ({ client, control }) => {
      const rows = [['2024-02-03 04:05:06 +05:00', '2024-02-03 04:05:06+00']];
      const columns = [
        { name: 'tz', type: 'TIMESTAMP_TZ' },
        { name: 'ltz', type: 'TIMESTAMP_LTZ' },
      ];
      await control.project.createTable({ id: 'in.c-main.zoned', columns, rows });
      expect(text(await client.slices('in.c-main.zoned', { columns: 'tz,ltz', gzip: true }))).toBe(
        '2024-02-03 04:05:06,2024-02-03 04:05:06\n',
      );
      expect(
        text(await client.slices('in.c-main.zoned', { columns: 'tz,ltz', gzip: true, timezone: 'Asia/Tokyo' })),
      ).toBe('2024-02-03 04:05:06,2024-02-03 13:05:06\n');
      expect(await client.job('in.c-main.zoned', { columns: 'tz', fileType: 'parquet' })).toMatchObject({
        status: 'error',
        error: { exceptionId: expect.any(String) },
      });
    },
  ],
  [
    'BigQuery CSV: NULL and empty are the same, timestamps end in UTC, slice names have 12 digits',
    async ({ client, control }) => {
      const columns = [
        { name: 's', type: 'STRING' },
        { name: 'ts', type: 'TIMESTAMP' },
        { name: 'n', type: 'INT64' },
      ];
      await control.project.createTable({
        id: 'in.c-main.bq',
        columns,
        rows: [
          ['', '2024-02-03 04:05:06.5+00', '7'],
          [null, null, null],
          ['a,b', null, null],
        ],
      });
      const file = await client.file('in.c-main.bq', { columns: 's,ts,n', gzip: true });
      expect((await client.entries(file))[0]).toMatch(/000000000000\.csv\.gz$/);
      expect(text(await client.slices('in.c-main.bq', { columns: 's,ts,n', gzip: true }))).toBe(
        ',2024-02-03 04:05:06.500000 UTC,7\n,,\n"a,b",,\n',
      );
      expect((await client.job('in.c-main.bq', { columns: 's', includeInternalTimestamp: true })).httpStatus).toBe(400);
    },
    { backend: 'bigquery', fileProvider: 'gcp' },
  ],
  [
    'an old BigQuery stack refuses parquet and order operators',
    async ({ client }) => {
      expect((await client.job(orders, { columns: 'id', fileType: 'parquet' })).httpStatus).toBe(400);
      expect(
        (await client.job(orders, { whereFilters: [{ column: 'id', operator: 'gt', values: ['1'] }] })).httpStatus,
      ).toBe(400);
    },
    { backend: 'bigquery', fileProvider: 'gcp', oldBigquery: 'request' },
  ],
  [
    'parquet slices have real names and each its own DECIMAL precision; classic ones are all VARCHAR',
    async ({ client, control }) => {
      await control.project.createTable({ id: 'in.c-main.typed', columns: typed, rows: typedRows });
      const body = { fileType: 'parquet', gzip: true };
      const types = await Promise.all(
        (await client.slices('in.c-main.typed', { ...body, columns: 'n,d,b,t' })).map(parquetTypes),
      );
      expect(types).toEqual([
        ['n DECIMAL(1,0)', 'd DECIMAL(3,2)', 'b BOOLEAN', 't TIMESTAMP'],
        ['n DECIMAL(20,0)', 'd DECIMAL(12,2)', 'b BOOLEAN', 't TIMESTAMP'],
      ]);
      expect(await parquetTypes((await client.slices(orders, { ...body, columns: 'id,name' }))[0]!)).toEqual([
        'id VARCHAR',
        'name VARCHAR',
      ]);
    },
    { sliceRows: 1 },
  ],
];

async function parquetTypes(bytes: Buffer): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'facts-'));
  writeFileSync(join(folder, 'slice.parquet'), bytes);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const described = await connection.runAndReadAll(`DESCRIBE FROM '${join(folder, 'slice.parquet')}'`);
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true });
  return described.getRowsJson().map(([name, type]) => `${name} ${type}`);
}
