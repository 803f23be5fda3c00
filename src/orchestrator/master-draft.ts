/** Builds the next master beside the present one, and puts it in its place by one rename. */
import { constants } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { crashPoint } from '../publish/crash-point.ts';
import type { View, ViewChanges } from './views.ts';

/** A source may be called like the database itself, so views are named with all three steps. */
const catalog = 'analytics';

export class MasterDraft {
  private readonly database: Database;
  private readonly session: Session;
  private readonly file: string;
  /** Statements of the open transaction. */
  private readonly done: string[] = [];

  private constructor(file: string, database: Database, session: Session) {
    this.file = file;
    this.database = database;
    this.session = session;
  }

  /** A draft in `scratch`: a copy of the master at `from`, or an empty one. */
  static async open(scratch: string, from: string | null, limits: DatabaseLimits): Promise<MasterDraft> {
    const file = join(scratch, `${catalog}.duckdb`);
    await rm(file, { force: true });
    await rm(`${file}.wal`, { force: true });
    if (from !== null) await copyFile(from, file, constants.COPYFILE_FICLONE);
    crashPoint('master.after-copy');
    const database = await Database.open(file, limits);
    try {
      const session = await database.connect();
      // Each part is bound twice, in its source's schema and under its flat name; the second time its footer is known.
      await session.run('SET parquet_metadata_cache = true');
      await session.run('BEGIN');
      return new MasterDraft(file, database, session);
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  /** Applies changes; answers with the views that could not be created and why. What they replace stays. */
  async apply(changes: ViewChanges): Promise<Map<View, string>> {
    for (const { schema, name } of changes.drop) {
      await this.change(`DROP VIEW IF EXISTS ${qualified(catalog, schema, name)}`);
    }
    for (const schema of new Set(changes.create.map((view) => view.schema))) {
      await this.change(`CREATE SCHEMA IF NOT EXISTS ${qualified(catalog, schema)}`);
    }
    const failed = new Map<View, string>();
    for (const view of changes.create) {
      const name = qualified(catalog, view.schema, view.name);
      try {
        await this.change(`CREATE OR REPLACE VIEW ${name} AS ${view.query}`);
      } catch (thrown) {
        failed.set(view, firstLine(thrown));
        await this.saveDone();
      }
    }
    return failed;
  }

  async dropSchemas(schemas: Iterable<string>): Promise<void> {
    for (const schema of schemas) await this.change(`DROP SCHEMA IF EXISTS ${qualified(catalog, schema)} CASCADE`);
  }

  private async change(statement: string): Promise<void> {
    await this.session.run(statement);
    this.done.push(statement);
  }

  /** Some failures abort the whole transaction: what was done in it is done again and committed, so that it happens once. */
  private async saveDone(): Promise<void> {
    const aborted = await this.session.run('SELECT 1').then(
      () => false,
      () => true,
    );
    if (!aborted) return;
    await this.session.run('ROLLBACK');
    await this.session.run('BEGIN');
    for (const statement of this.done.splice(0)) await this.session.run(statement);
    await this.session.run('COMMIT');
    await this.session.run('BEGIN');
  }

  /** Commits, flushes and renames the draft over `master`, leaving no WAL behind. */
  async replace(master: string): Promise<void> {
    crashPoint('master.before-commit');
    await this.session.run('COMMIT');
    crashPoint('master.after-commit');
    await this.session.run('CHECKPOINT');
    this.database.close();
    await syncFile(this.file);
    // A WAL left by somebody who wrote into the master would be replayed into the new one.
    await rm(`${master}.wal`, { force: true });
    crashPoint('master.before-rename');
    await renameDurably(this.file, master);
    crashPoint('master.after-rename');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close();
  }
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] as string;
}
