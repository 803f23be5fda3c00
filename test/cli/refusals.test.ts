/** What a server refuses, as whoever typed the command sees it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { da } from '../helpers/run-da.ts';
import { adminToken, type TestServer, testServer } from '../helpers/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
});

afterAll(() => server.stop());

const admin = (...args: string[]) => da(['admin', ...args], { env: { DA_SERVER: server.url, DA_TOKEN: adminToken } });

test('a registration with faults ends with exit 2, each fault told once', async () => {
  const args = ['registry', 'add', 'orders', '--source', 'crm', '--source-table', 'orders'];
  const faulty = [...args, '--strategy', 'incremental', '--options', '{"mode":"merge","cursor":"nope","speed":"fast"}'];
  const told = await admin(...faulty);
  expect(told).toMatchObject({ code: 2, stdout: '' });
  expect(told.stderr).toContain('/primary_key is missing: rows cannot be merged without one');
  expect(told.stderr.match(/There is no such field here/g)).toHaveLength(1);
  expect(JSON.parse((await admin(...faulty, '--json')).stdout)).toMatchObject({
    errors: [
      {
        code: 'settings_invalid',
        faults: expect.arrayContaining([expect.objectContaining({ pointer: '/options/speed' })]),
      },
    ],
  });
  expect(await admin(...args)).toMatchObject({ code: 0 });
  expect(await admin('sync', 'orders', '--since', '2024-01-31')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('its sync_strategy is full_refresh'),
  });
  expect(await admin('sync', 'nowhere')).toMatchObject({ code: 5 });
});
