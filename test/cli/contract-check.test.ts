import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { literal } from '../../src/duckdb/quote.ts';
import { foreignMeta, temporaryFolder, writeForeign } from '../helpers/extracts.ts';
import { da } from '../helpers/run-da.ts';

test('a view over relative paths is read from the folder of the extract, as a rebuild does', async () => {
  await using data = await temporaryFolder();
  const folder = join(data.directory, 'extracts', 'crm');
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'data', 'orders.csv'), 'id\n1\n');
  await writeForeign(data.directory, 'crm', [
    `SET file_search_path = ${literal(folder)}`,
    foreignMeta,
    "CREATE VIEW orders AS SELECT * FROM read_csv('data/orders.csv')",
    "INSERT INTO _meta VALUES ('orders', NULL, 1, 5, now()::TIMESTAMP, 'local')",
  ]);
  const { code, stdout } = await da(['contract', 'check', folder, '--json']);
  expect([code, JSON.parse(stdout).findings]).toEqual([0, []]);
});
