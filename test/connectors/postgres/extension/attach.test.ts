/** The extension speaks to the server through libpq, whose words for TLS differ from Node's: each mode must mean there what it means natively. */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringPostgresExtension } from '../../../../scripts/bring-extension.mjs';
import { serverOf } from '../../../../src/connectors/postgres/connect.ts';
import { attachDatabase, tlsObstacle } from '../../../../src/connectors/postgres/extension/attach.ts';
import { type Settings, settings } from '../../../../src/connectors/postgres/settings.ts';
import { Database } from '../../../../src/duckdb/database.ts';
import { probeExtension } from '../../../../src/duckdb/probe-extension.ts';
import { startTestPostgres, type TestPostgres } from '../../../helpers/postgres-server.ts';

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const brought = await bringPostgresExtension();

const serverWith = (given: Partial<Settings>) =>
  serverOf({
    source: 'crm',
    settings: settings.parse(given),
    secret: () => '',
    endpoints: {},
    signal: new AbortController().signal,
  });

describe.skipIf(brought.reason !== undefined)(
  `the Postgres extension${brought.reason === undefined ? '' : ` (not run: ${brought.reason})`}`,
  () => {
    let server: TestPostgres;
    let directory: string;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'da-attach-'));
      server = await startTestPostgres({
        password: 'tls-secret',
        settings: { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' },
        files: { 'server.crt': fixture('server.pem'), 'server.key': fixture('server.key') },
      });
      await server.run('CREATE VIEW mine AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    });

    afterAll(async () => {
      await server?.stop();
      await rm(directory, { recursive: true, force: true });
    });

    /** Whether the extension's own connection is encrypted. */
    async function encrypted(host: string, given: Partial<Settings>): Promise<boolean | undefined> {
      const { path } = await probeExtension('postgres', [brought.directory as string]);
      await using database = await Database.inMemory({
        memoryLimit: '300MB',
        threads: 1,
        tempDirectory: join(directory, 'spill'),
        extensionDirectories: [brought.directory as string],
      });
      const session = await database.connect();
      const url = server.url.replace('127.0.0.1', host);
      await attachDatabase(session, path as string, serverWith({ url, ...given }), true, directory);
      return (await session.first<{ ssl: boolean }>('SELECT ssl FROM da_postgres.public.mine'))?.ssl;
    }

    const ca = fixture('ca.pem');

    it.each<[string, Partial<Settings>, boolean]>([
      ['localhost', { tls: 'disable' }, false],
      ['127.0.0.1', {}, false],
      ['127.0.0.1', { tls: 'require' }, true],
      ['127.0.0.1', { tls: 'verify-ca', ca }, true],
      ['localhost', { tls: 'verify-full', ca }, true],
    ])('reaches %s with %j', async (host, given, expected) => {
      expect(await encrypted(host, given)).toBe(expected);
    });

    it.each<[string, Partial<Settings>]>([
      ['127.0.0.1', { tls: 'verify-full', ca }],
      ['localhost', { tls: 'verify-full', ca: fixture('other-ca.pem') }],
      ['127.0.0.1', { tls: 'verify-ca', ca: fixture('other-ca.pem') }],
    ])('does not trust %s with %j', async (host, given) => {
      await expect(encrypted(host, given)).rejects.toThrow(/certificate/);
    });
  },
);

describe('a mode that verifies', () => {
  it('needs an authority of its own, because libpq looks into no store of the system', () => {
    const url = 'postgres://u:p@db.example.com/d';
    expect(tlsObstacle(serverWith({ url }))).toContain('tls: verify-full needs `ca`');
    expect(tlsObstacle(serverWith({ url, tls: 'verify-ca' }))).toContain('verify-ca needs `ca`');
    expect(tlsObstacle(serverWith({ url, ca: '/some/ca.pem' }))).toBeNull();
    expect(tlsObstacle(serverWith({ url, tls: 'require' }))).toBeNull();
  });
});
