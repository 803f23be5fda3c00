/** One table gives one Parquet, whichever path its rows take. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { goldenSchema } from '../../doubles/bigquery/golden-table.ts';
import { Lab } from './lab.ts';
import { randomRows } from './random-rows.ts';

/** An INTERVAL never comes by Storage Read. */
const schema = goldenSchema.filter(({ type }) => type !== 'INTERVAL');

let lab: Lab;
let tables = 0;

beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab?.close());

/** The hashes of the parts by REST and by Storage Read. */
async function bothWays(name: string, rows: number): Promise<[string[], string[]]> {
  const facts = { source_table: name, primary_key: ['id'] };
  const byRest = await lab.sync(lab.table(`${name}_rest`, facts), { storage_read: 'never' });
  expect(byRest).toMatchObject({ status: 'succeeded', rows, error: null });
  lab.control.reset();
  const byStorage = await lab.sync(lab.table(`${name}_storage`, facts));
  expect(byStorage).toMatchObject({ status: 'succeeded', rows, error: null });
  expect(lab.control.count('ReadRows')).toBeGreaterThan(0);
  const [rest, storage] = [await lab.published(`${name}_rest`), await lab.published(`${name}_storage`)];
  // Says which value differs, where one does.
  expect(storage.rows).toEqual(rest.rows);
  return [rest.parts, storage.parts];
}

test('any rows of any types give the same bytes by REST and by Storage Read', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(randomRows, async (rows) => {
      tables += 1;
      const name = `random_${tables}`;
      await lab.control.table({ project: 'lab', dataset: 'd', table: name, schema, rows });
      const [byRest, byStorage] = await bothWays(name, rows.length);
      expect(byRest).toHaveLength(1);
      expect(byStorage).toEqual(byRest);
    }),
    // Two extractions each; a failure is told as it was found.
    { numRuns: 4, endOnFailure: true },
  );
});

test('texts with NUL come alike, and whole', async () => {
  await lab.control.table({
    project: 'lab',
    dataset: 'd',
    table: 'nul',
    schema: [
      { name: 'id', type: 'INT64', mode: 'REQUIRED' },
      { name: 'txt', type: 'STRING' },
    ],
    fromDuck: "SELECT * FROM (VALUES (1, 'a' || chr(0) || 'b'), (2, chr(0)), (3, NULL), (4, ''))",
  });
  const [byRest, byStorage] = await bothWays('nul', 4);
  expect(byStorage).toEqual(byRest);
  const { rows } = await lab.published('nul_storage', 'SELECT hex(txt) AS h FROM t ORDER BY id');
  expect(rows.map((row) => row.h)).toEqual(['610062', '00', null, '']);
});
