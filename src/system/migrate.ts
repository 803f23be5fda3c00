/** Brings the state's schema to the newest version, each migration in one transaction with its version. */
import type { Session } from '../duckdb/session.ts';
import { AttacheError } from '../errors/attache-error.ts';

export interface Migration {
  version: number;
  name: string;
  /** In the SQL that DuckDB and PostgreSQL share, without function defaults: a WAL that holds one may not replay. */
  statements: readonly string[];
}

/** Applies what is missing and returns the versions it applied. Refuses a state that a newer program wrote. */
export async function migrate(session: Session, migrations: readonly Migration[]): Promise<number[]> {
  await session.run(
    'CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at VARCHAR NOT NULL)',
  );
  const current = await schemaVersion(session);
  const newest = migrations.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new AttacheError('unsupported', {
      message: `The state has schema version ${current}; this program knows versions up to ${newest}.`,
      hint: 'Start the newer program again, or restore a backup made before the upgrade.',
    });
  }
  const applied: number[] = [];
  for (const migration of migrations.filter(({ version }) => version > current)) {
    await applyMigration(session, migration);
    applied.push(migration.version);
  }
  return applied;
}

/** The version of the newest migration applied; 0 for a state without any. */
export async function schemaVersion(session: Session): Promise<number> {
  const row = await session.first<{ version: number | null }>('SELECT max(version) AS version FROM schema_migrations');
  return row?.version ?? 0;
}

async function applyMigration(session: Session, { version, name, statements }: Migration): Promise<void> {
  await session.run('BEGIN');
  try {
    for (const statement of statements) await session.run(statement);
    await session.run('INSERT INTO schema_migrations VALUES ($1, $2, $3)', [version, name, new Date().toISOString()]);
    await session.run('COMMIT');
  } catch (thrown) {
    await session.run('ROLLBACK').catch(() => {});
    throw new AttacheError('internal', {
      message: `Migration ${version} (${name}) failed: ${thrown instanceof Error ? thrown.message : thrown}. The state stays at its version.`,
      cause: thrown,
    });
  }
}
