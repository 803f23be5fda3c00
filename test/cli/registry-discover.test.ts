/** Registration in bulk, from the command line to a server and a pretended Keboola project. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proposeRegistrations } from '../../src/cli/propose-registrations.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { type KeboolaStorage, startKeboolaStorage } from '../doubles/keboola-storage/index.ts';
import { instanceConfig, silentLog } from '../helpers/instance.ts';
import { da } from '../helpers/run-da.ts';

let directory: string;
let double: KeboolaStorage;
let server: RunningServer;
const variable = 'KEBOOLA_STORAGE_TOKEN';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-discover-'));
  double = await startKeboolaStorage();
  Object.assign(process.env, double.environment);
  const { project } = double.control;
  for (const id of ['in.c-main.orders', 'in.c-main.Item List', 'out.c-final.orders', 'out.c-final.čtvrtek'])
    await project.createTable({ id, columns: ['id', 'name'], primaryKey: ['id'], rows: [['1', id]] });
  server = await startServer(
    instanceConfig(join(directory, 'data'), {
      keboola: { type: 'keboola', settings: { url: double.url, token_env: variable }, schedule: null },
    }),
    { log: silentLog, environment: { [variable]: double.tokens.master } },
  );
});

afterAll(async () => {
  await server.close();
  await double.stop();
  await rm(directory, { recursive: true, force: true });
});

async function discover(...args: string[]) {
  const env = { DA_SERVER: server.url, DA_TOKEN: 'test-admin-token' };
  const done = await da(['admin', 'registry', 'discover', 'keboola', '--json', ...args], { env });
  const { tables } = JSON.parse(done.stdout) as {
    tables: { bucket: string; source_table: string; id: string | null; action: string }[];
  };
  return {
    code: done.code,
    tables: tables.map(({ bucket, source_table, id, action }) => `${bucket}.${source_table} ${id} ${action}`),
  };
}

describe('discovery for the registry', () => {
  test('shows ids, adds one bucket, then the rest with ids that are free, and does nothing twice', async () => {
    expect(await discover('--bucket', 'in.c-main')).toEqual({
      code: 0,
      tables: ['in.c-main.Item List item_list would_add', 'in.c-main.orders orders would_add'],
    });
    expect(await discover('--bucket', 'in.c-main', '--add')).toEqual({
      code: 0,
      tables: ['in.c-main.Item List item_list added', 'in.c-main.orders orders added'],
    });
    const rest = await discover('--add');
    expect(rest.code).toBe(0);
    expect(rest.tables).toContain('in.c-main.orders orders registered');
    expect(rest.tables).toContain('out.c-final.orders out_c_final_orders added');
    expect((await discover('--add')).tables.every((line) => / registered$/.test(line))).toBe(true);
  });
});

test('an id is never given twice, and a name without one is left to people', () => {
  const offer = (bucket: string | null, source_table: string, name: string | null) => ({
    bucket,
    source_table,
    name,
    description: null,
    kind: 'table',
    primary_key: [],
    rows: null,
    registered_as: [],
  });
  const proposals = proposeRegistrations(
    [
      offer('a', 't', 't'),
      offer('b', 't', 't'),
      offer(null, 't', 't'),
      offer(null, '???', null),
      offer(null, 'u', 'u'),
    ],
    ['u', 't'],
  );
  expect(
    proposals.map((proposal) => ('id' in proposal ? proposal.id : 'reason' in proposal && proposal.reason)),
  ).toEqual(['a_t', 'b_t', 'the id t is taken', 'no id can be derived from its name', 'the id u is taken']);
});

test('the table that is called just so gets the id, and a name without Latin letters does not become its bucket', () => {
  const offer = (source_table: string, name: string | null) => ({
    bucket: 'in.c-main',
    source_table,
    name,
    description: null,
    kind: 'table',
    primary_key: [],
    rows: null,
    registered_as: [],
  });
  const proposals = proposeRegistrations(
    [offer('Orders!', 'orders'), offer('ключ', null), offer('orders', 'orders')],
    [],
  );
  expect(proposals).toMatchObject([
    { id: 'in_c_main_orders' },
    { reason: 'no id can be derived from its name' },
    { id: 'orders' },
  ]);
});
