/** Brings the views that are ours in the local `analytics.duckdb` in line with the tables held; what the analyst made there stays. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { partPath } from '../contract/extract-folder.ts';
import { partsQuery } from '../contract/write.ts';
import { Database } from '../duckdb/database.ts';
import { literal, qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';
import type { HeldTable } from './shapes.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

export interface ReconcileRequest {
  folder: WorkspaceFolder;
  tables: readonly HeldTable[];
  /** Names of views that earlier syncs made. */
  owned: ReadonlySet<string>;
}

export interface ReconcileOutcome {
  /** Views created, replaced or dropped. */
  changed: number;
  /** By table: why its view could not be made. */
  failed: Map<string, AttacheError>;
}

/** How long to wait for somebody who has the database open only for a moment, such as a query. */
const patienceMs = 3_000;

/** Throws `locked` when somebody else has the database open and something must change in it. */
export async function reconcileViews(request: ReconcileRequest): Promise<ReconcileOutcome> {
  const { folder } = request;
  await mkdir(folder.temp, { recursive: true });
  if (existsSync(folder.database)) {
    const outcome = await inspect(request);
    if (outcome !== null) return outcome;
  }
  await using database = await openPatiently(folder);
  using session = await database.connect();
  return await applyChanges(session, request);
}

const limits = (folder: WorkspaceFolder) => ({ memoryLimit: '512MB', threads: 1, tempDirectory: folder.temp });

/** Looks without writing, which works beside other readers. Null: something must change, or only a writer can tell. */
async function inspect(request: ReconcileRequest): Promise<ReconcileOutcome | null> {
  try {
    await using database = await Database.open(request.folder.database, limits(request.folder), { readOnly: true });
    using session = await database.connect();
    const changes = await findChanges(session, request);
    return changes.create.length + changes.drop.length === 0 ? { changed: 0, failed: changes.failed } : null;
  } catch {
    // Opening for writing below meets the same obstacle and says it.
    return null;
  }
}

async function openPatiently(folder: WorkspaceFolder): Promise<Database> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await Database.open(folder.database, limits(folder));
    } catch (thrown) {
      const error = toAttacheError(thrown);
      if (error.code === 'locked' && Date.now() < deadline) {
        await sleep(100);
        continue;
      }
      throw error.code === 'locked' ? openElsewhere(folder, error) : unusable(folder, error);
    }
  }
}

interface Changes {
  create: { id: string; query: string; mark: string }[];
  drop: string[];
  failed: Map<string, AttacheError>;
}

/** A view of ours carries a mark in its comment, which a view that the analyst puts in its place does not have. */
const markPattern = /^synced by da [0-9a-f]{16}$/;

async function findChanges(session: Session, { folder, tables, owned }: ReconcileRequest): Promise<Changes> {
  const changes: Changes = { create: [], drop: [], failed: new Map() };
  const marks = await readMarks(session);
  const wanted = new Set(tables.map((table) => table.id));
  for (const table of tables) {
    const query = viewQuery(folder, table);
    const mark = `synced by da ${createHash('sha256').update(query).digest('hex').slice(0, 16)}`;
    const present = marks.get(table.id);
    if (present === mark) continue;
    if (present === undefined || isOurs(present, table.id, owned)) changes.create.push({ id: table.id, query, mark });
    else changes.failed.set(table.id, nameTaken(table.id));
  }
  for (const [name, mark] of marks) {
    if (!wanted.has(name) && isOurs(mark, name, owned)) changes.drop.push(name);
  }
  return changes;
}

function isOurs(mark: string | null, name: string, owned: ReadonlySet<string>): boolean {
  return mark !== null && markPattern.test(mark) && owned.has(name);
}

/** Every object that could stand in the way of a view, by name in lower case, with its comment if it is a view. */
async function readMarks(session: Session): Promise<Map<string, string | null>> {
  const objects = await session.rows<{ name: string; comment: string | null }>(`
    SELECT lower(view_name) AS name, comment FROM duckdb_views() WHERE NOT internal AND NOT temporary AND schema_name = 'main'
    UNION ALL
    SELECT lower(table_name), NULL FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND schema_name = 'main'`);
  return new Map(objects.map((object) => [object.name, object.comment]));
}

function viewQuery(folder: WorkspaceFolder, table: HeldTable): string {
  const parts = table.parts.map((part) => ({ ...part, path: partPath(table.id, part.sha256) }));
  return partsQuery(folder.directory, { parts });
}

/** Makes all changes in one transaction. A view that cannot be made ends a transaction, so the rest starts again without it. */
async function applyChanges(session: Session, request: ReconcileRequest): Promise<ReconcileOutcome> {
  const changes = await findChanges(session, request);
  for (;;) {
    const broken = await tryChanges(session, changes);
    if (broken === null) break;
    changes.failed.set(broken.id, broken.error);
    changes.create = changes.create.filter((view) => view.id !== broken.id);
  }
  await session.run('CHECKPOINT');
  return { changed: changes.create.length + changes.drop.length, failed: changes.failed };
}

async function tryChanges(
  session: Session,
  { create, drop }: Changes,
): Promise<{ id: string; error: AttacheError } | null> {
  await session.run('BEGIN');
  for (const name of drop) await session.run(`DROP VIEW IF EXISTS ${qualified('main', name)}`);
  for (const { id, query, mark } of create) {
    const view = qualified('main', id);
    try {
      await session.run(`CREATE OR REPLACE VIEW ${view} AS ${query}`);
    } catch (thrown) {
      await session.run('ROLLBACK');
      return { id, error: unreadable(id, thrown) };
    }
    await session.run(`COMMENT ON VIEW ${view} IS ${literal(mark)}`);
  }
  await session.run('COMMIT');
  return null;
}

function nameTaken(id: string): AttacheError {
  return new AttacheError('conflict', {
    message: `The local database already has something called ${id} that da did not make; it was left alone, so the synced ${id} has no view.`,
    hint: `Rename yours (ALTER VIEW ${id} RENAME TO my_${id}, or ALTER TABLE …) and run \`da sync\` again.`,
  });
}

function unreadable(id: string, thrown: unknown): AttacheError {
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0];
  return new AttacheError('integrity', {
    message: `The view ${id} could not be made over its parts: ${message}`,
    hint: 'The old view stays. `da sync --verify` checks the local files; if they are right, the server’s are not: tell an administrator.',
    cause: thrown,
  });
}

function openElsewhere(folder: WorkspaceFolder, cause: AttacheError): AttacheError {
  return new AttacheError('locked', {
    message: `${folder.database} is open in another program, so its views could not be renewed. The files are synced.`,
    hint: 'Close that program (or open it read-only there) and run `da sync` again: nothing is fetched twice.',
    retryable: true,
    cause,
  });
}

function unusable(folder: WorkspaceFolder, error: AttacheError): AttacheError {
  return new AttacheError(error.code, {
    message: error.message,
    hint: `Move ${folder.database} aside and run \`da sync\`: the views come back, what you made in it yourself does not.`,
    cause: error,
  });
}
