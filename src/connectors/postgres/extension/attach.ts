/** Attaches the database through DuckDB's Postgres extension: read only, with the secret gone as soon as it has been used. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identifier, literal } from '../../../duckdb/quote.ts';
import type { Session } from '../../../duckdb/session.ts';
import type { Server } from '../connect.ts';

/** The attached catalogue's name. */
export const alias = 'da_postgres';

const secretName = 'da_postgres_secret';

/** Why the server's TLS mode cannot be had through the extension, or null. */
export function tlsObstacle({ tls, settings }: Server): string | null {
  return tls.startsWith('verify') && settings.ca === undefined
    ? `it knows no certificate authorities of its own, so tls: ${tls} needs \`ca\``
    : null;
}

/** Throws DuckDB's error with no secret in it. */
export async function attachDatabase(
  session: Session,
  extensionPath: string,
  server: Server,
  readOnlySession: boolean,
  scratch: string,
): Promise<void> {
  const options = await connectionOptions(server, readOnlySession, scratch);
  try {
    await session.run(`LOAD ${literal(extensionPath)}`);
    const names = options.map(([name], index) => `${name} $${index + 1}`);
    await session.run(
      `CREATE TEMPORARY SECRET ${identifier(secretName)} (TYPE postgres, ${names.join(', ')})`,
      options.map(([, value]) => value),
    );
    try {
      await session.run(
        `ATTACH '' AS ${identifier(alias)} (TYPE postgres, READ_ONLY, SECRET ${identifier(secretName)})`,
      );
    } finally {
      await session.run(`DROP SECRET ${identifier(secretName)}`);
    }
  } catch (thrown) {
    throw new Error(withoutSecret(thrown, server));
  }
}

/** What libpq is told. A password file or service file of the account must not decide anything. */
async function connectionOptions(
  { address, tls, settings }: Server,
  readOnlySession: boolean,
  scratch: string,
): Promise<[name: string, value: string][]> {
  const startup = [address.options, readOnlySession ? '-c default_transaction_read_only=on' : null].filter(Boolean);
  return [
    ['HOST', address.host],
    ['PORT', String(address.port)],
    ['USER', address.user],
    ['PASSWORD', address.password ?? ''],
    ['DATABASE', address.database],
    ['PASSFILE', '/dev/null'],
    ['SSLMODE', tls],
    ...(tls.startsWith('verify')
      ? [['SSLROOTCERT', await authorityFile(settings.ca!, scratch)] as [string, string]]
      : []),
    ['CONNECT_TIMEOUT', String(address.connectTimeoutSeconds)],
    ['APPLICATION_NAME', 'data-attache'],
    ...(startup.length === 0 ? [] : [['OPTIONS', startup.join(' ')] as [string, string]]),
  ];
}

/** libpq takes a certificate by its path only. */
async function authorityFile(textOrPath: string, scratch: string): Promise<string> {
  if (!textOrPath.includes('-----BEGIN')) return textOrPath;
  const path = join(scratch, 'postgres-ca.pem');
  await writeFile(path, textOrPath, { mode: 0o600 });
  return path;
}

/** One line of what DuckDB or libpq said. */
export function withoutSecret(thrown: unknown, { address: { password } }: Server): string {
  const text = (thrown instanceof Error ? thrown.message : String(thrown)).trim().split('\n')[0] ?? '';
  const clean = text.replace(/^IO Error: Unable to connect to Postgres at ".*?": /, '');
  return password === null || password.length < 4 ? clean : clean.replaceAll(password, '***');
}
