/** What the source says of itself, without running a billed query. */
import { writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open();
  const { control } = lab;
  control.dataset({ project: 'lab', dataset: 'other' });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'orders',
    description: 'All orders',
    schema: [
      { name: 'id', type: 'INT64', mode: 'REQUIRED' },
      { name: 'day', type: 'DATE' },
      { name: 'amount', type: 'NUMERIC', precision: '12', scale: '2' },
    ],
    timePartitioning: { type: 'DAY', field: 'day' },
    clustering: ['id'],
    rows: [{ id: 1, day: '2024-01-01', amount: '1.5' }],
  });
  await control.table({ project: 'lab', dataset: 'd', table: 'big_orders', query: 'SELECT id FROM lab.d.orders' });
  await control.table({ project: 'lab', dataset: 'other', table: 'x', schema: [{ name: 'a', type: 'STRING' }] });
});
afterAll(() => lab?.close());
afterEach(() => {
  for (const permission of ['bigquery.readsessions.create', 'bigquery.tables.list', 'bigquery.jobs.create'] as const)
    lab.control.allow(permission);
  expect(lab.control.violations()).toEqual([]);
});

test('discovery lists tables with partitioning, clustering, sizes and last change, and bills nothing', async () => {
  lab.control.reset();
  const tables = await lab.ask({ kind: 'discover' });
  expect(tables.map((table) => `${table.bucket}.${table.source_table} ${table.kind}`)).toEqual([
    'd.big_orders view',
    'd.orders table',
    'other.x table',
  ]);
  expect(tables[1]).toMatchObject({
    name: 'orders',
    description: 'All orders',
    rows: 1,
    columns: [
      { name: 'id', source_type: 'INT64', type: 'BIGINT', nullable: false },
      { name: 'day', source_type: 'DATE', type: 'DATE', nullable: true },
      { name: 'amount', source_type: 'NUMERIC(12, 2)', type: 'DECIMAL(12,2)', nullable: true },
    ],
    facts: { partitioned_by: 'day of day', clustered_by: 'id', location: 'EU' },
  });
  expect(tables[1]?.size_bytes).toBeGreaterThan(0);
  expect(Date.parse(String(tables[1]?.facts?.last_change))).toBeGreaterThan(0);
  expect(tables[0]).toMatchObject({ rows: null, size_bytes: null });
  expect(lab.control.count('jobs.insert')).toBe(0);
  expect(lab.control.billedBytes()).toBe(0);
});

test('discovery leaves out what may not be looked at, and fails only where that is everything', async () => {
  const { control } = lab;
  try {
    control.deny('bigquery.tables.get', 'lab.d.orders');
    control.deny('bigquery.tables.list', 'lab.other');
    const tables = await lab.ask({ kind: 'discover' });
    expect(tables.map((table) => `${table.bucket}.${table.source_table}`)).toEqual(['d.big_orders']);
    control.deny('bigquery.tables.get', 'lab.d.big_orders');
    await expect(lab.ask({ kind: 'discover' })).rejects.toMatchObject({ code: 'source_forbidden' });
  } finally {
    for (const name of ['lab.d.orders', 'lab.d.big_orders']) control.allow('bigquery.tables.get', name);
    control.allow('bigquery.tables.list', 'lab.other');
  }
});

test('only the datasets of the allow-list are seen and read', async () => {
  const tables = await lab.ask({ kind: 'discover' }, { datasets: ['other'] });
  expect(tables.map((table) => table.source_table)).toEqual(['x']);
  const result = await lab.sync(lab.table('orders'), { datasets: ['other'] });
  expect(result).toMatchObject({ status: 'failed', error: { code: 'source_forbidden' } });
  expect(result.error?.hint).toContain('`datasets`');
});

test('a check says who we are there and bills nothing', async () => {
  lab.control.reset();
  const report = await lab.ask({ kind: 'check' });
  expect(report.summary).toBe('BigQuery project lab as reader@example.iam.gserviceaccount.com, 2 datasets, 3 tables');
  expect(report.facts).toMatchObject({ may_query: true, may_read: true });
  expect(lab.control.billedBytes()).toBe(0);
});

const who = 'reader@example.iam.gserviceaccount.com';

test.each([
  [
    'bigquery.readsessions.create',
    'storage_read',
    `${who} may not use the Storage Read API: grant it roles/bigquery.readSessionUser on lab.`,
  ],
  [
    'bigquery.tables.getData',
    'may_read',
    `${who} may not read d.orders: grant it roles/bigquery.dataViewer on the dataset.`,
  ],
  ['bigquery.tables.list', null, `${who} may not list lab.d: grant it roles/bigquery.dataViewer on the dataset.`],
  ['bigquery.jobs.create', 'may_query', 'Grant it roles/bigquery.jobUser on lab.'],
] as const)('a check without %s says who lacks which role and where to grant it', async (permission, fact, says) => {
  lab.control.deny(permission);
  const report = await lab.ask({ kind: 'check' }).finally(() => lab.control.allow(permission));
  expect(report.warnings.join('\n')).toContain(says);
  if (fact !== null) expect(report.facts[fact]).toBe(false);
  expect(lab.control.billedBytes()).toBe(0);
});

test('a check fails with all the roles to grant when nothing could be read', async () => {
  lab.control.deny('bigquery.jobs.create');
  lab.control.deny('bigquery.readsessions.create');
  await expect(lab.ask({ kind: 'check' })).rejects.toMatchObject({
    code: 'source_forbidden',
    hint: expect.stringMatching(/roles\/bigquery\.jobUser on lab.*roles\/bigquery\.readSessionUser on lab/),
  });
});

test('a check as a project that may not pay says so', async () => {
  lab.control.deny('serviceusage.services.use');
  const asked = lab.ask({ kind: 'check' }).finally(() => lab.control.allow('serviceusage.services.use'));
  await expect(asked).rejects.toMatchObject({
    code: 'source_forbidden',
    hint: expect.stringContaining('billing_project'),
  });
});

test('no credential is sent to an endpoint without encryption, whatever credentials there are', async () => {
  const key = JSON.stringify({ client_email: 'a@b.iam.gserviceaccount.com', private_key: 'x' });
  const file = join(lab.directory, 'key.json');
  await writeFile(file, key);
  for (const [given, secrets] of [
    [{ credentials_env: 'BQ_KEY' }, { BQ_KEY: key }],
    [{ credentials_file: file }, {}],
    [{ credentials: 'default' }, {}],
  ] as const) {
    const result = await lab.sync(lab.table('orders'), given, { secrets });
    expect(result).toMatchObject({ error: null });
    const query = await lab.sync(lab.table('big_orders'), given, { secrets });
    expect(query).toMatchObject({ error: null });
  }
  expect(lab.control.violations()).toEqual([]);
});

describe('credentials that do not work', () => {
  /** Answers every token request in one way. */
  async function tokens(answer: (response: ServerResponse) => void): Promise<{ file: string; stop(): void }> {
    const server = createServer((_, response) => answer(response));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const subject = join(lab.directory, 'subject');
    const file = join(lab.directory, `federated-${Math.random()}.json`);
    await writeFile(subject, 'token');
    await writeFile(
      file,
      JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
        universe_domain: 'googleapis.com',
        credential_source: { file: subject },
      }),
    );
    return {
      file,
      stop: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  }
  const elsewhere = { api_endpoint: 'https://127.0.0.1:9', storage_endpoint: '127.0.0.1:9', stall_timeout_seconds: 1 };

  test.each([
    [
      'are refused',
      400,
      { error: 'invalid_grant', error_description: 'the token has expired' },
      'source_auth',
      /expired|invalid_grant/,
    ],
    ['are unknown', 401, { error: 'invalid_client' }, 'source_auth', /./],
    ['cannot be renewed for now', 503, {}, 'source_unreachable', /no answer/],
  ])('%s', async (_name, status, body, code, says) => {
    const server = await tokens((response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    const asked = lab.sync(lab.table('orders'), { ...elsewhere, credentials_file: server.file });
    const result = await asked.finally(server.stop);
    expect(result).toMatchObject({ status: 'failed', error: { code } });
    expect(result.error?.message).toMatch(says);
    if (code === 'source_auth') expect(result.error?.hint).toContain(server.file);
  });

  test.each([
    ['a key file that is not there', { credentials_file: '/nowhere/key.json' }, {}, 'source_auth'],
    ['a variable without a key', { credentials_env: 'BQ_KEY' }, { BQ_KEY: '{}' }, 'settings_invalid'],
    ['a variable that is not set', { credentials_env: 'BQ_KEY' }, {}, 'settings_invalid'],
    [
      'a key that is no key',
      { credentials_env: 'BQ_KEY' },
      {
        BQ_KEY: JSON.stringify({
          client_email: 'a@b',
          private_key: '-----BEGIN PRIVATE KEY-----\nZZTOP\n-----END PRIVATE KEY-----',
        }),
      },
      'source_auth',
    ],
  ])('%s', async (_name, given, secrets, code) => {
    const result = await lab.sync(
      lab.table('orders'),
      { ...elsewhere, ...given },
      { secrets: secrets as Record<string, string> },
    );
    expect(result).toMatchObject({ status: 'failed', error: { code } });
    expect(JSON.stringify(result)).not.toContain('ZZTOP');
  });
});

test.each([
  [{ api_endpoint: 'http://bigquery.example.com' }, 'api_endpoint'],
  [{ credentials_env: 'KEY', credentials_file: '/key.json' }, 'credentials_file'],
  [{ credentials: 'default', credentials_env: 'KEY' }, 'credentials'],
  [{ api_endpoint: 'ftp://127.0.0.1' }, 'api_endpoint'],
  [{ api_endpoint: 'http://127.0.0.1.example.com' }, 'api_endpoint'],
  [{ api_endpoint: 'https://user:secret@bigquery.example.com' }, 'api_endpoint'],
  [{ storage_endpoint: 'http://127.0.0.1:9060' }, 'storage_endpoint'],
  [{ max_bytes_per_run: 'much' }, 'max_bytes_per_run'],
  [{ max_bytes_per_day: '0' }, 'max_bytes_per_day'],
  [{ price_per_tib: -1 }, 'price_per_tib'],
  [{ project: 'no project' }, 'project'],
  [{ datasets: ['d/../other'] }, 'datasets.0'],
])('settings that cannot be right are refused: %o', async (given, key) => {
  const { settings } = await import('../../../src/connectors/bigquery/settings.ts');
  const parsed = settings.safeParse({ project: 'lab', ...given });
  expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([key]);
});
