import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/duckdb/database.ts';
import type { Session } from '../../src/duckdb/session.ts';
import { type Migration, migrate, schemaVersion } from '../../src/system/migrate.ts';
import { migrations } from '../../src/system/migrations/all.ts';
import { stateLimits } from '../../src/system/state-files.ts';

let directory: string;
let database: Database;
let session: Session;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-migrate-'));
  database = await Database.open(join(directory, 'system.duckdb'), stateLimits(directory));
  session = await database.connect();
});
afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true, force: true });
});

const newest = migrations.at(-1)?.version ?? 0;

const schema = () =>
  session.rows(
    `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
     WHERE table_name <> 'schema_migrations' ORDER BY table_name, ordinal_position`,
  );

describe('migrations', () => {
  it('are numbered from one without gaps', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });

  it('change nothing when run a second time', async () => {
    expect(await migrate(session, migrations)).toEqual(migrations.map(({ version }) => version));
    const before = await schema();
    expect(await migrate(session, migrations)).toEqual([]);
    expect(await schema()).toEqual(before);
  });

  it.each(migrations.map(({ version }) => version))(
    'lead from version %i to the newest with the same schema',
    async (version) => {
      await migrate(session, migrations.slice(0, version));
      await migrate(session, migrations);
      expect(await schemaVersion(session)).toBe(newest);
      const reached = await schema();
      const fresh = await Database.inMemory(stateLimits(directory));
      session = await fresh.connect();
      await migrate(session, migrations);
      expect(await schema()).toEqual(reached);
      fresh.close();
    },
  );

  it('leave no trace of one that fails halfway, and can be run again', async () => {
    const next: Migration = {
      version: newest + 1,
      name: 'next',
      statements: ['CREATE TABLE half (id INTEGER)', 'CREATE TABLE half (id INTEGER)'],
    };
    await expect(migrate(session, [...migrations, next])).rejects.toThrow(/stays at its version/);
    expect(await schemaVersion(session)).toBe(newest);
    expect(JSON.stringify(await schema())).not.toContain('half');
    const mended = { ...next, statements: next.statements.slice(0, 1) };
    expect(await migrate(session, [...migrations, mended])).toEqual([newest + 1]);
  });

  it('refuse a state that a newer program wrote', async () => {
    await migrate(session, [...migrations, { version: newest + 1, name: 'future', statements: [] }]);
    await expect(migrate(session, migrations)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('use no function as a default, because a log that holds one may not replay', () => {
    for (const statement of migrations.flatMap(({ statements }) => statements)) {
      expect(statement).not.toMatch(/default\s+[a-z_]+\s*\(|current_timestamp|nextval/i);
    }
  });
});
