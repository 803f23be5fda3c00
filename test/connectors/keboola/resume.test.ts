/** A slice that breaks off goes on where it ended, also when the credentials ended with it. */
import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { faults } from '../../doubles/keboola-storage/index.ts';
import { hasty, type KeboolaSource, keboolaSource } from '../../helpers/keboola-source.ts';

const orders = 'in.c-main.orders';
let source: KeboolaSource;
afterEach(() => source.stop());

test.each(['aws', 'gcp', 'azure'] as const)('what has arrived from %s is not fetched again', async (fileProvider) => {
  // No silence is waited for here, and one on a busy machine would break off what is counted.
  source = await keboolaSource({ fileProvider }, { limits: { ...hasty, idle_timeout_seconds: 60 } });
  const { control } = source.double;
  // Hashes, so that the gz stays large.
  const rows = Array.from({ length: 4_000 }, (_, n) => [String(n), createHash('sha256').update(`${n}`).digest('hex')]);
  await control.project.createTable({ id: orders, columns: ['id', 'name'], primaryKey: ['id'], rows });
  control.fail('slice', faults.resetMidBody(100_000));
  control.fail(
    'slice',
    faults.meanwhile('all credentials end', () => control.expireCredentials()),
    { nth: 2 },
  );
  expect((await source.extract(['orders'])).tables[0]).toMatchObject({ status: 'succeeded', rows: 4_000 });
  const [first, refused, resumed, ...more] = control.calls('slice');
  expect([first?.status, resumed?.status, more]).toEqual([200, 206, []]);
  expect(refused?.status).toBeGreaterThanOrEqual(400);
  const from = Number(/^bytes=(\d+)-$/.exec(resumed?.headers.range ?? '')?.[1]);
  expect(from).toBeGreaterThan(0);
  expect(from).toBeLessThanOrEqual(100_000);
  expect(resumed?.headers['if-match']).toMatch(/^"/);
  expect(control.calls('file').length).toBe(2);
  expect(await source.query('SELECT count(*)::INT AS n FROM orders WHERE name = sha256(id)')).toEqual([{ n: 4_000 }]);
});
