import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { goldenRows, goldenSchema } from '../../doubles/bigquery/golden-table.ts';
import { goldenPublished, goldenTypes } from './golden-published.ts';
import { Lab } from './lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open();
  await lab.control.table({ project: 'lab', dataset: 'd', table: 'golden', schema: goldenSchema, rows: goldenRows });
});
afterAll(() => lab?.close());
afterEach(() => expect(lab.control.violations()).toEqual([]));

async function expectGolden(id: string): Promise<void> {
  const described = await lab.published(id, 'DESCRIBE SELECT * FROM t');
  expect(described.rows.map((row) => [row.column_name, row.column_type])).toEqual(goldenTypes);
  expect((await lab.published(id)).rows).toEqual(goldenPublished);
}

test('every type comes by REST without losing anything', async () => {
  const result = await lab.sync(lab.table('golden', { primary_key: ['id'] }), { storage_read: 'never' });
  expect(result).toMatchObject({ status: 'succeeded', rows: 3, error: null });
  await expectGolden('golden');
});
