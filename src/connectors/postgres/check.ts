/** One cheap probe: who we are there, on what server, and what about it deserves a warning. */
import type { CheckReport } from '../connector.ts';
import { isLoopback } from './address.ts';
import type { Connection, Server } from './connect.ts';

interface Facts {
  version: string;
  database: string;
  role: string;
  superuser: boolean;
  bypasses_row_policies: boolean;
  replica: boolean;
  encoding: string;
  encrypted: boolean | null;
  may_create: boolean;
}

export async function checkServer(server: Server): Promise<CheckReport> {
  const connection = await server.open(true);
  try {
    const [facts] = await connection.rows<Facts>(`
      SELECT current_setting('server_version') AS version, current_database()::text AS database, current_user::text AS role,
        r.rolsuper AS superuser, r.rolbypassrls AS bypasses_row_policies, pg_is_in_recovery() AS replica,
        current_setting('server_encoding') AS encoding,
        (SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()) AS encrypted,
        has_database_privilege(current_database(), 'CREATE') AS may_create
      FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`);
    return report(facts!, connection, server);
  } finally {
    await connection.close();
  }
}

function report(facts: Facts, connection: Connection, { address, tls }: Server): CheckReport {
  const encrypted = facts.encrypted ?? tls !== 'disable';
  return {
    summary: `PostgreSQL ${facts.version}, database ${facts.database}, role ${facts.role}`,
    facts: {
      version: facts.version,
      database: facts.database,
      role: facts.role,
      superuser: facts.superuser,
      replica: facts.replica,
      encoding: facts.encoding,
      encrypted,
      tls,
      session_read_only: connection.readOnlySession,
      page_ranges: connection.server.version >= 14,
    },
    warnings: [
      facts.superuser &&
        `The role ${facts.role} is a superuser. Reading needs only USAGE on the schemas and SELECT on the tables.`,
      !facts.superuser &&
        facts.may_create &&
        `The role ${facts.role} may create schemas in ${facts.database}. Reading does not need that.`,
      !encrypted &&
        !isLoopback(address.host) &&
        'The connection is not encrypted: the password and all data can be read on the way.',
      tls === 'require' &&
        !isLoopback(address.host) &&
        'The server’s certificate is not verified (tls: require): somebody on the way can pose as it.',
      !connection.readOnlySession &&
        'A pooler refuses session settings: only the transaction, not the session, is read-only.',
      connection.server.version < 14 &&
        `PostgreSQL ${facts.version} cannot read ranges of pages: large tables are read in one piece.`,
      facts.encoding === 'SQL_ASCII' &&
        'The database declares no encoding (SQL_ASCII): a text that is not UTF-8 fails its table.',
    ].filter((warning) => warning !== false),
  };
}
