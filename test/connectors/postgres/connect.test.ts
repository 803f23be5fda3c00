import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgres } from '../../../src/connectors/postgres/postgres.ts';
import { type Settings, settings } from '../../../src/connectors/postgres/settings.ts';
import type { SourceContext } from '../../../src/connectors/source-context.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

const oddPassword = `p@ss/w:rd#?%&"'ž`;

let plain: TestPostgres;
let encrypted: TestPostgres;

beforeAll(async () => {
  [plain, encrypted] = await Promise.all([
    startTestPostgres({ password: 'plain-secret' }),
    startTestPostgres({
      password: 'tls-secret',
      settings: { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' },
      files: { 'server.crt': fixture('server.pem'), 'server.key': fixture('server.key') },
    }),
  ]);
  await plain.run(`CREATE ROLE odd LOGIN PASSWORD '${oddPassword.replaceAll("'", "''")}'`);
});

afterAll(() => Promise.all([plain?.stop(), encrypted?.stop()]));

function context(given: Partial<Settings>, secrets: Record<string, string> = {}): SourceContext<Settings> {
  return {
    source: 'crm',
    settings: settings.parse(given),
    secret: (name) => secrets[name] ?? '',
    endpoints: {},
    signal: new AbortController().signal,
  };
}

async function refused(
  given: Partial<Settings>,
): Promise<{ code: string; message: string; hint: string; retryable: boolean }> {
  return postgres.check(context(given)).then(
    () => {
      throw new Error('it connected');
    },
    (error) => error,
  );
}

describe('an address', () => {
  it('may hold a password as people type it, or encoded, or come from the environment', async () => {
    for (const password of [oddPassword, encodeURIComponent(oddPassword)]) {
      const url = `postgres://odd:${password}@127.0.0.1:${plain.port}/postgres`;
      expect((await postgres.check(context({ url }))).facts).toMatchObject({ role: 'odd' });
      expect((await postgres.check(context({ url_env: 'CRM_URL' }, { CRM_URL: url }))).facts).toMatchObject({
        role: 'odd',
      });
    }
  });

  it('may name the folder of a Unix socket', async () => {
    const folder = join(plain.directory, 'socket');
    for (const url of [
      `postgres://postgres:plain-secret@/postgres?host=${folder}&port=${plain.port}`,
      `postgresql://postgres:plain-secret@${encodeURIComponent(folder)}:${plain.port}/postgres`,
    ]) {
      expect((await postgres.check(context({ url }))).facts).toMatchObject({ encrypted: false, tls: 'disable' });
    }
  });

  it('that cannot be read is refused without showing any of it', async () => {
    for (const url of [
      'mysql://u:hidden-word@h/d',
      'postgres://u:hidden-word@h:99999/d',
      'postgres://u:hidden-word@h/d?sslkey=hidden-word',
    ]) {
      const error = await refused({ url });
      expect(error.code).toBe('settings_invalid');
      expect(JSON.stringify([error.message, error.hint])).not.toContain('hidden-word');
    }
  });
});

describe('a connection that cannot be made', () => {
  it('names the user when the password is wrong, never the password', async () => {
    const error = await refused({ url: plain.url.replace('plain-secret', 'wrong-secret') });
    expect(error).toMatchObject({ code: 'source_auth', retryable: false });
    expect(error.message).toContain('as postgres');
    expect(error.message).not.toContain('wrong-secret');
  });

  it('tells a missing database from a server that is not there', async () => {
    expect(await refused({ url: plain.url.replace(/\/postgres$/, '/nothing') })).toMatchObject({
      code: 'source_missing',
    });
    expect(await refused({ url: 'postgres://u:p@127.0.0.1:1/d' })).toMatchObject({
      code: 'source_unreachable',
      retryable: true,
    });
    expect(await refused({ url: 'postgres://u:p@no-such-host.invalid/d' })).toMatchObject({
      code: 'source_unreachable',
      retryable: true,
    });
  });

  it('says that the server offers no TLS', async () => {
    const error = await refused({ url: plain.url, tls: 'require' });
    expect(error.code).toBe('source_unreachable');
    expect(error.hint).toContain('tls: disable');
  });
});

describe('TLS', () => {
  const url = (host: string) => encrypted.url.replace('127.0.0.1', host);

  it('verifies authority and name, the authority alone, or nothing, as asked', async () => {
    const ca = fixture('ca.pem');
    const accepted: Partial<Settings>[] = [
      { url: url('localhost'), tls: 'verify-full', ca },
      { url: url('127.0.0.1'), tls: 'verify-ca', ca },
      { url: url('127.0.0.1'), tls: 'require' },
      { url: `${url('127.0.0.1')}?sslmode=require` },
    ];
    for (const given of accepted) {
      expect((await postgres.check(context(given))).facts).toMatchObject({ encrypted: true });
    }
    const rejected: Partial<Settings>[] = [
      { url: url('127.0.0.1'), tls: 'verify-full', ca },
      { url: url('localhost'), tls: 'verify-full' },
      { url: url('localhost'), tls: 'verify-full', ca: fixture('other-ca.pem') },
      { url: url('127.0.0.1'), tls: 'verify-ca', ca: fixture('other-ca.pem') },
    ];
    for (const given of rejected) expect(await refused(given)).toMatchObject({ code: 'source_unreachable' });
  });

  it('is not used on this machine unless asked for', async () => {
    expect((await postgres.check(context({ url: url('127.0.0.1') }))).facts).toMatchObject({
      encrypted: false,
      tls: 'disable',
    });
  });
});

describe('a check', () => {
  it('says who and what answered, and warns of a superuser', async () => {
    const report = await postgres.check(context({ url: plain.url }));
    expect(report.summary).toMatch(/^PostgreSQL 18\.\d+.*database postgres, role postgres$/);
    expect(report.facts).toMatchObject({ superuser: true, session_read_only: true, replica: false, encoding: 'UTF8' });
    expect(report.warnings.join()).toContain('superuser');
    const odd = await postgres.check(
      context({ url: `postgres://odd:${oddPassword}@127.0.0.1:${plain.port}/postgres` }),
    );
    expect(odd.warnings).toEqual([]);
  });
});

describe('discovery', () => {
  it('lists what the role may read, with columns, keys and sizes', async () => {
    await plain.run(`
      CREATE SCHEMA shop;
      CREATE TABLE shop."Order Items" (id int, line int, price numeric(9,2), open numeric, tags text[], PRIMARY KEY (id, line));
      COMMENT ON TABLE shop."Order Items" IS 'What was bought';
      INSERT INTO shop."Order Items" SELECT i, 1, 1, 1, '{a}' FROM generate_series(1, 500) i;
      CREATE TABLE shop.hidden (x int);
      CREATE TABLE shop.logs (at date) PARTITION BY RANGE (at);
      CREATE TABLE shop.logs_2024 PARTITION OF shop.logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
      CREATE VIEW shop.cheap AS SELECT id FROM shop."Order Items" WHERE price < 5;
      GRANT USAGE ON SCHEMA shop TO odd; GRANT SELECT ON shop."Order Items", shop.logs, shop.cheap TO odd;
      ANALYZE shop."Order Items"`);
    const found = await postgres.discover(
      context({ url: `postgres://odd:${oddPassword}@127.0.0.1:${plain.port}/postgres` }),
    );
    const items = found.find((table) => table.source_table === 'Order Items');
    expect(items).toMatchObject({
      bucket: 'shop',
      name: 'order_items',
      description: 'What was bought',
      kind: 'table',
      primary_key: ['id', 'line'],
      rows: 500,
    });
    expect(items?.size_bytes).toBeGreaterThan(8_000);
    expect(items?.columns).toEqual([
      { name: 'id', source_type: 'integer', type: 'INTEGER', nullable: false },
      { name: 'line', source_type: 'integer', type: 'INTEGER', nullable: false },
      { name: 'price', source_type: 'numeric(9,2)', type: 'DECIMAL(9,2)', nullable: true },
      { name: 'open', source_type: 'numeric', type: null, nullable: true },
      { name: 'tags', source_type: 'text[]', type: 'VARCHAR[]', nullable: true },
    ]);
    expect(
      found.filter((table) => table.bucket === 'shop').map(({ source_table, kind }) => [source_table, kind]),
    ).toEqual([
      ['Order Items', 'table'],
      ['cheap', 'view'],
      ['logs', 'partitioned table'],
    ]);
  });
});

describe('registration', () => {
  const request = (options: Record<string, unknown>, source_table = 'settled') => ({
    id: 'settled',
    bucket: null,
    source_table,
    primary_key: [],
    sync_strategy: 'full_refresh' as const,
    query_mode: 'local' as const,
    description: null,
    options,
  });

  it('shows columns and key, and refuses columns and values that do not fit', async () => {
    await plain.run('CREATE TABLE settled (id int PRIMARY KEY, at date, n numeric, j json)');
    const settle = (options: Record<string, unknown>, table?: string) =>
      postgres.settle!(context({ url: plain.url }), request(options, table));
    expect(await settle({ columns: ['id', 'at'] })).toMatchObject({
      columns: [
        { name: 'id', type: 'INTEGER' },
        { name: 'at', type: 'DATE' },
      ],
      primary_key: ['id'],
    });
    expect((await settle({})).notes.join()).toContain('numeric without a precision');
    for (const options of [
      { columns: ['nope'] },
      { where: [{ column: 'nope', op: 'eq', value: 1 }] },
      { where: [{ column: 'at', op: 'ge', value: 'yesterdayish' }] },
      { where: [{ column: 'id', op: 'eq', value: 'x' }] },
      { where: [{ column: 'j', op: 'eq', value: '1' }] },
    ]) {
      await expect(settle(options)).rejects.toMatchObject({ code: 'options_invalid' });
    }
    await expect(settle({}, 'nowhere')).rejects.toMatchObject({ code: 'source_missing' });
  });
});
