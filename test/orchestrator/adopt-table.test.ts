import { expect, it } from 'vitest';
import { partsQuery } from '../../src/contract/write.ts';
import { Database } from '../../src/duckdb/database.ts';
import { adoptedPartRows, adoptTable } from '../../src/orchestrator/adopt-table.ts';
import { keptType } from '../../src/orchestrator/keep-in-parquet.ts';
import { limitsIn, temporaryFolder } from '../helpers/extracts.ts';

it('keeps a small table in one part, and cuts a large one at whole row groups that stay while it grows a little', () => {
  expect(adoptedPartRows(1_000_000, 50_000_000, 1e8)).toBeNull();
  const rows = adoptedPartRows(10_000_000, 1_000_000_000, 1e8) as number;
  expect(rows % 122_880).toBe(0);
  expect(rows).toBe(adoptedPartRows(10_100_000, 1_010_000_000, 1e8));
  expect(adoptedPartRows(1_000, 1_000_000_000, 1e8)).toBe(122_880);
});

it('replaces types that Parquet would change wherever they stand, and never the names of fields', () => {
  expect(keptType('BIGINT')).toBe('BIGINT');
  expect(keptType('HUGEINT[]')).toBe('VARCHAR[]');
  expect(keptType('STRUCT(q HUGEINT, "INTERVAL" INTERVAL, BIT BIGINT)')).toBe(
    'STRUCT(q VARCHAR, "INTERVAL" VARCHAR, BIT BIGINT)',
  );
  expect(keptType('MAP(HUGEINT, TIME WITH TIME ZONE[])')).toBe('MAP(VARCHAR, VARCHAR[])');
  expect(keptType("ENUM('a', 'HUGEINT')")).toBe('VARCHAR');
});

it('makes several parts of a table that is large, with every row once and in order', async () => {
  await using data = await temporaryFolder();
  await using database = await Database.inMemory(limitsIn(data.directory));
  const session = await database.connect();
  await session.run('CREATE TABLE t AS SELECT range AS id FROM range(300000)');
  const meta = { table_name: 't', description: null, rows: 7, size_bytes: null, extracted_at: null };
  const { table, problems } = await adoptTable(
    session,
    { dataDirectory: data.directory, source: 'big' },
    't',
    { meta: { ...meta, query_mode: 'local' }, object: 'table', parts: null, record: null },
    data.directory,
    1,
  );
  expect(table.parts.map((part) => part.rows)).toEqual([122_880, 122_880, 54_240]);
  expect(problems).toMatchObject([{ code: 'rows_differ', table: 't' }]);
  const [row] = await session.rows(
    `SELECT count(*) AS n, bool_and(id = row) AS in_order FROM (SELECT id, row_number() OVER () - 1 AS row FROM (${partsQuery(data.directory, table)}))`,
  );
  expect(row).toEqual({ n: '300000', in_order: true });
});
