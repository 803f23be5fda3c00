/** Where the token and the clouds' credentials go, and where they never do. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ForbiddenTarget, openTransport } from '../../../src/connectors/keboola/api/transport.ts';
import { settings } from '../../../src/connectors/keboola/settings.ts';
import { isForbiddenAddress, isForbiddenHost, isLoopback } from '../../../src/connectors/machine-address.ts';
import { faults } from '../../doubles/keboola-storage/index.ts';
import { type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

let source: KeboolaSource | null = null;
afterEach(async () => {
  await source?.stop();
  source = null;
});

const orders = 'in.c-main.orders';

async function withOrders(): Promise<KeboolaSource> {
  source = await keboolaSource({ sliceRows: 1 });
  await source.double.control.project.createTable({
    id: orders,
    columns: ['id'],
    primaryKey: ['id'],
    rows: [['1'], ['2']],
  });
  return source;
}

test('the token goes to the stack alone, and stands in no file of the extract', async () => {
  const { double, extract, directory, token } = await withOrders();
  await extract(['orders']);
  const clouds = double.control.journal.filter(({ listener }) => listener !== 'storage');
  expect(clouds.length).toBeGreaterThan(2);
  for (const call of clouds) expect(JSON.stringify(call)).not.toContain(token);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    expect(content.includes(token)).toBe(false);
  }
});

test('no redirect is followed with a token or credentials', async () => {
  const { double, extract } = await withOrders();
  for (const route of ['verify', 'table', 'manifest', 'slice'] as const) {
    double.control.heal();
    double.control.fail(route, faults.redirect(double.trap.url), { times: Number.POSITIVE_INFINITY });
    expect((await extract(['orders'], { full: true })).tables[0]).toMatchObject({ status: 'failed' });
  }
  expect(double.control.calls('trap')).toEqual([]);
});

test('an extract keeps to its project: a token of another one is refused before anything is read', async () => {
  const { double, extract } = await withOrders();
  await double.control.otherProject.createTable({ id: orders, columns: ['id'], primaryKey: ['id'], rows: [['77']] });
  await double.control.otherProject.createTable({ id: 'in.c-main.fresh', columns: ['id'], rows: [['77']] });
  await extract(['orders']);
  source!.token = double.tokens.otherProject;
  const report = await extract(['orders', 'fresh']);
  expect(report.tables.map(({ status, error }) => ({ status, code: error?.code }))).toEqual([
    { status: 'failed', code: 'source_forbidden' },
    { status: 'failed', code: 'source_forbidden' },
  ]);
  expect(report.tables[0]?.error?.message).toMatch(/project 4711.*4712/);
  expect(await source!.query('SELECT id FROM orders ORDER BY id')).toEqual([{ id: '1' }, { id: '2' }]);
});

test('a source bound to a project refuses the token of another one at the first check', async () => {
  const { settings: given } = await withOrders();
  source!.settings = { ...given, project: 4712 };
  await expect(source!.ask({ kind: 'check' })).rejects.toMatchObject({ code: 'source_forbidden' });
  source!.token = source!.double.tokens.otherProject;
  expect((await source!.ask({ kind: 'check' })).facts.project_id).toBe('4712');
});

test.each(['expired', 'disabled'] as const)(
  'a token that is %s fails the check, which the index would not',
  async (kind) => {
    await withOrders();
    source!.token = source!.double.tokens[kind];
    await expect(source!.ask({ kind: 'check' })).rejects.toMatchObject({ code: 'source_auth' });
    expect(source!.double.control.calls('index')).toEqual([]);
  },
);

test('a refusal is told without the token', async () => {
  const { double, extract, token } = await withOrders();
  double.control.fail('table', {
    name: 'echo',
    replace: ({ headers }) => ({
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(
        JSON.stringify({ error: `no ${headers['x-storageapi-token']} sig=abc123def`, code: 'accessDenied' }),
      ),
    }),
  });
  const [result] = (await extract(['orders'])).tables;
  expect(result?.error?.message).toMatch(/no \*\*\* sig=\*\*\*/);
  expect(JSON.stringify(result)).not.toContain(token);
});

describe('addresses', () => {
  test.each(['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost', 'x.localhost'])('%s is this machine', (host) =>
    expect([isLoopback(host), isForbiddenHost(host)]).toEqual([true, true]),
  );
  test.each(['169.254.169.254', 'fe80::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '0.0.0.0', '::'])(
    '%s receives no credential',
    (address) => expect(isForbiddenAddress(address)).toBe(true),
  );
  test.each(['10.0.0.1', '192.168.1.1', '52.1.2.3', '2a00::1', '::ffff:10.0.0.1'])('%s may', (address) =>
    expect(isForbiddenAddress(address)).toBe(false),
  );

  test.each([
    'http://storage.example.com/x',
    'https://localhost/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://169.254.169.254/x',
  ])('a stack elsewhere cannot send us to %s', async (url) => {
    const transport = openTransport('https://connection.keboola.com', 1000, [], 1);
    await expect(transport.cloud(url, { signal: new AbortController().signal })).rejects.toThrow(ForbiddenTarget);
    await transport.close();
  });

  test.each([
    ['http://connection.keboola.com', /https/],
    ['https://user:pass@connection.keboola.com', /credentials/],
    ['https://connection.keboola.com/?x=1', /alone/],
    ['connection.keboola.com', /address/],
  ])('%s is refused as a stack', (url, reason) => {
    expect(settings.safeParse({ url }).error?.issues[0]?.message).toMatch(reason);
  });
  test.each(['https://connection.keboola.com/', 'http://127.0.0.1:8080', 'http://localhost:8080'])(
    '%s is taken as a stack',
    (url) => expect(settings.safeParse({ url }).success).toBe(true),
  );
});

test('the bucket may stand in the name of the table', async () => {
  const { extract } = await withOrders();
  const report = await extract([
    keboolaTable('a', { source_table: orders }),
    keboolaTable('b', { bucket: null, source_table: orders }),
    keboolaTable('c', { bucket: null, source_table: 'orders' }),
  ]);
  expect(report.tables.map(({ status, error }) => [status, error?.code])).toEqual([
    ['succeeded', undefined],
    ['succeeded', undefined],
    ['failed', 'options_invalid'],
  ]);
});
