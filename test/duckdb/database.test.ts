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
