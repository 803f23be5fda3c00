/** Builds the next master beside the present one, and puts it in its place by one rename. */
import { constants } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '../duckdb/database.ts';
import { qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { crashPoint } from '../publish/crash-point.ts';
import { createScratch, type Scratch } from '../publish/scratch.ts';
import { databaseLimits } from './limits.ts';
import type { OrchestratorOptions } from './shapes.ts';
import type { View, ViewChanges } from './views.ts';

/** A source may be called like the database itself, so views are named with all three steps. */
const catalog = 'analytics';

export class MasterDraft {
  private readonly scratch: Scratch;
  private readonly database: Database;
  private readonly session: Session;
  /** Statements of the open transaction. */
  private readonly done: string[] = [];

  private constructor(scratch: Scratch, database: Database, session: Session) {
    this.scratch = scratch;
    this.database = database;
    this.session = session;
  }

  /** A draft in a scratch folder of its own below `work`: a copy of the master at `from`, or an empty one. */
  static async open(
    work: string,
    from: string | null,
    options: Pick<OrchestratorOptions, 'duckdb'>,
  ): Promise<MasterDraft> {
    const scratch = await createScratch(work);
    let database: Database | null = null;
    try {
      const file = draftIn(scratch);
      if (from !== null) await copyFile(from, file, constants.COPYFILE_FICLONE);
      crashPoint('master.after-copy');
      database = await Database.open(file, databaseLimits(options, scratch.directory));
      const session = await database.connect();
      // Each part is bound twice, in its source's schema and under its flat name; the second time its footer is known.
      await session.run('SET parquet_metadata_cache = true');
      await session.run('BEGIN');
      return new MasterDraft(scratch, database, session);
    } catch (thrown) {
      database?.close();
      await scratch.remove();
      throw thrown;
    }
  }

  /** Applies changes; answers with the views that could not be created and why. What they replace stays. */
  async apply(changes: ViewChanges): Promise<Map<View, string>> {
    const prepare = [
      ...changes.drop.map(({ schema, name }) => `DROP VIEW IF EXISTS ${qualified(catalog, schema, name)}`),
      ...[...new Set(changes.create.map((view) => view.schema))].map(
        (schema) => `CREATE SCHEMA IF NOT EXISTS ${qualified(catalog, schema)}`,
      ),
    ];
    for (const batch of batches(prepare)) await this.change(batch);
    const failed = new Map<View, string>();
    for (const batch of batches(changes.create)) {
      // One call for many views spares the way to DuckDB's thread and back; only a batch that fails goes view by view.
      const together = await this.change(batch.map(createView)).catch((thrown: Error) => thrown);
      if (!(together instanceof Error)) continue;
      await this.saveDone();
      for (const view of batch) {
        try {
          await this.change([createView(view)]);
        } catch (thrown) {
          failed.set(view, firstLine(thrown));
          await this.saveDone();
        }
      }
    }
    return failed;
  }

  async dropSchemas(schemas: Iterable<string>): Promise<void> {
    for (const schema of schemas) await this.change([`DROP SCHEMA IF EXISTS ${qualified(catalog, schema)} CASCADE`]);
  }

  private async change(statements: string[]): Promise<void> {
    await this.session.run(statements.join(';\n'));
    this.done.push(...statements);
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

  /**
   * Commits, and renames what is then the draft's file over `master`, with no WAL beside it. The draft goes on from there: whoever opens the new master must not
   * meet the lock of ours, so it is a copy.
   */
  async replace(master: string): Promise<void> {
    crashPoint('master.before-commit');
    await this.session.run('COMMIT');
    crashPoint('master.after-commit');
    await this.session.run('CHECKPOINT');
    const next = join(this.scratch.directory, 'next.duckdb');
    await copyFile(draftIn(this.scratch), next, constants.COPYFILE_FICLONE);
    await syncFile(next);
    // A WAL left by somebody who wrote into the master would be replayed into the new one.
    await rm(`${master}.wal`, { force: true });
    crashPoint('master.before-rename');
    await renameDurably(next, master);
    crashPoint('master.after-rename');
    this.done.length = 0;
    await this.session.run('BEGIN');
  }

  async close(): Promise<void> {
    this.database.close();
    await this.scratch.remove();
  }
}

function draftIn({ directory }: Scratch): string {
  return join(directory, `${catalog}.duckdb`);
}

const batchSize = 50;

function batches<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / batchSize) }, (_, index) =>
    items.slice(index * batchSize, (index + 1) * batchSize),
  );
}

function createView(view: View): string {
  return `CREATE OR REPLACE VIEW ${qualified(catalog, view.schema, view.name)} AS ${view.query}`;
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] as string;
}
