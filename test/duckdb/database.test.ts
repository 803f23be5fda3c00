import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Database } from '../../src/duckdb/database.ts';

test('a database in a folder with a question mark is refused before anything is written, with a way out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'da-database-'));
  try {
    await mkdir(join(directory, 'why?'));
    const limits = { memoryLimit: '100MB', threads: 1, tempDirectory: join(directory, 'spill') };
    await expect(Database.open(join(directory, 'why?', 'some.duckdb'), limits)).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('without a question mark'),
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('a file with small row groups is used as if it were alone, is closed whole, and is opened by one at a time', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'da-database-'));
  try {
    const limits = { memoryLimit: '100MB', threads: 1, tempDirectory: join(directory, 'spill') };
    const path = join(directory, "it's a file.duckdb");
    {
      await using database = await Database.open(path, limits, { rowGroupRows: 4_096 });
      using session = await database.connect();
      await session.run('CREATE TABLE t AS SELECT i FROM range(10_000) r(i)');
      await expect(Database.open(path, limits)).rejects.toMatchObject({ code: 'internal' });
    }
    expect(existsSync(`${path}.wal`)).toBe(false);
    await using database = await Database.open(path, limits);
    using session = await database.connect();
    const groups = await session.rows(
      `SELECT row_group_id::INTEGER AS g, max(count)::INTEGER AS n FROM pragma_storage_info('t') GROUP BY 1 ORDER BY 1`,
    );
    expect(groups).toEqual([
      { g: 0, n: 4_096 },
      { g: 1, n: 4_096 },
      { g: 2, n: 1_808 },
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
