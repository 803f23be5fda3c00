import { expect, test } from 'vitest';
import { checkTable } from '../../../src/server/registry/check-table.ts';
import { instanceConfig } from '../../helpers/instance.ts';

const config = instanceConfig('/data', { files: 'csv', crm: 'duckdb' });
const said = { name: 'orders', source_table: 'orders', bucket: 'main' };

test('a bucket is refused where the source has none, as every setting without effect', async () => {
  expect((await checkTable({ ...said, source_name: 'crm' }, config)).table.bucket).toBe('main');
  await expect(checkTable({ ...said, source_name: 'files' }, config)).rejects.toMatchObject({
    code: 'settings_invalid',
    faults: [{ pointer: '/bucket', message: expect.stringContaining('no effect') }],
  });
  expect((await checkTable({ ...said, source_name: 'files', bucket: null }, config)).table.bucket).toBeNull();
});

test('an endless name is told once and not echoed', async () => {
  const faults = await checkTable({ name: 'x'.repeat(100_000), source_table: 't', source_name: 'crm' }, config).then(
    () => [],
    (thrown: { faults: { pointer: string; message: string }[] }) => thrown.faults,
  );
  expect(faults.map(({ pointer }) => pointer)).toEqual(['/name']);
  expect(faults[0]?.message.length).toBeLessThan(200);
});
