import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Database } from '../../src/duckdb/database.ts';
import { literal, literalList } from '../../src/duckdb/quote.ts';
import type { Session } from '../../src/duckdb/session.ts';
import { hashFile } from '../../src/files/hash-file.ts';
import { type Cut, cutParquet } from '../../src/publish/cut-parquet.ts';

let directory: string;
let database: Database;
let session: Session;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-cut-'));
  database = await Database.inMemory({ memoryLimit: '300MB', threads: 2, tempDirectory: join(directory, 'spill') });
  session = await database.connect();
});

async function cuts(file: string, partRows: number): Promise<Cut[]> {
  const all: Cut[] = [];
  for await (const cut of cutParquet(file, partRows)) all.push(cut);
  return all;
}

afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true, force: true });
});

const rowsQuery = (
  count: number,
) => `SELECT i AS id, 'name ' || (i % 50) AS name, (i % 7)::DECIMAL(9,2) AS amount, CASE WHEN i % 3 = 0 THEN NULL ELSE i * 1.5 END AS ratio,
  [i, i + 1] AS list, {'a': i, 'b': 'x' || i} AS pair, TIMESTAMPTZ '2024-01-01' + INTERVAL (i) SECOND AS at FROM range(${count}) t(i)`;

async function write(file: string, count: number): Promise<void> {
  await session.run(
    `COPY (${rowsQuery(count)}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 2048, KV_METADATA {mark: 'kept'})`,
  );
}

test('the parts together hold exactly the rows of the file, in order', async () => {
  const file = join(directory, 'whole.parquet');
  await write(file, 20_000);
  const parts = await cuts(file, 3 * 2048);
  expect(parts.map((part) => part.rows)).toEqual([6144, 6144, 6144, 1568]);
  for (const part of parts) expect(await hashFile(part.path)).toBe(part.sha256);
  const both = `SELECT * FROM read_parquet(${literalList(parts.map((part) => part.path))})`;
  expect(
    await session.rows(
      `(SELECT * FROM read_parquet(${literal(file)}) EXCEPT ALL ${both}) UNION ALL (${both} EXCEPT ALL SELECT * FROM read_parquet(${literal(file)}))`,
    ),
  ).toEqual([]);
  expect(
    await session.rows(
      `SELECT min(id)::INT AS low, max(id)::INT AS high FROM read_parquet(${literal(parts[1]!.path)})`,
    ),
  ).toEqual([{ low: 6144, high: 12287 }]);
});

test('statistics and bloom filters of a part answer point queries as the file does', async () => {
  const file = join(directory, 'whole.parquet');
  await write(file, 10_000);
  const parts = await cuts(file, 2048);
  let found = 0;
  for (const part of parts) {
    const [named] = await session.rows<{ n: number }>(
      `SELECT count(*)::INT AS n FROM read_parquet(${literal(part.path)}) WHERE name = 'name 7'`,
    );
    found += named!.n;
    expect(
      await session.rows(`SELECT count(*)::INT AS n FROM read_parquet(${literal(part.path)}) WHERE name = 'nobody'`),
    ).toEqual([{ n: 0 }]);
    expect(
      await session.rows(
        `SELECT decode(value) AS value FROM parquet_kv_metadata(${literal(part.path)}) WHERE decode(key) = 'mark'`,
      ),
    ).toEqual([{ value: 'kept' }]);
  }
  expect(found).toBe(200);
  const total = parts.reduce((sum, part) => sum + part.rows, 0);
  expect(total).toBe(10_000);
});

test('the same rows give the same parts, byte for byte, and equal rows in two parts still differ', async () => {
  const [one, two, same] = [
    join(directory, 'one.parquet'),
    join(directory, 'two.parquet'),
    join(directory, 'same.parquet'),
  ];
  await write(one, 9_000);
  await write(two, 9_000);
  const hashes = async (file: string) => Promise.all((await cuts(file, 4096)).map((part) => hashFile(part.path)));
  const firstHashes = await hashes(one);
  expect(await hashes(two)).toEqual(firstHashes);
  await session.run(`COPY (SELECT 1 AS a FROM range(4096)) TO ${literal(same)} (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
  const equalParts = await Promise.all((await cuts(same, 2048)).map((part) => hashFile(part.path)));
  expect(new Set(equalParts).size).toBe(2);
});

test('a file that was cut off is refused', async () => {
  const file = join(directory, 'whole.parquet');
  await write(file, 5_000);
  const { truncate, stat } = await import('node:fs/promises');
  await truncate(file, (await stat(file)).size - 3);
  await expect(cuts(file, 2048)).rejects.toMatchObject({ code: 'integrity' });
});
