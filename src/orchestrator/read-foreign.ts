/** Reads a foreign extract inside its child: confined to its own folder, every table by itself. */
import { realpath } from 'node:fs/promises';
import { type ExaminedTable, examineCatalogue } from '../contract/examine-catalogue.ts';
import { examineContent } from '../contract/examine-content.ts';
import { examineParts } from '../contract/examine-parts.ts';
import { type ExtractFolder, extractFolder } from '../contract/extract-folder.ts';
import { confinedReason, confineToFolders } from '../duckdb/confine.ts';
import { Database } from '../duckdb/database.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { createScratch } from '../publish/scratch.ts';
import { adoptTable } from './adopt-table.ts';
import { dataFolder } from './data-folder.ts';
import type { ForeignEvent, ForeignTask } from './foreign-task.ts';
import { databaseLimits } from './limits.ts';
import type { FoundTable, Look } from './look.ts';
import { asProblem, describeParts, foundTable, unreadable } from './read-ours.ts';

type ReadLook = Look & { kind: 'read' };

export async function readForeign(task: ForeignTask, say: (event: ForeignEvent) => Promise<void>): Promise<Look> {
  const folder = extractFolder(task.dataDirectory, task.source);
  await using scratch = await createScratch(dataFolder(task.dataDirectory).work);
  let database: Database;
  try {
    database = await Database.open(folder.database, databaseLimits(task, scratch.directory), { readOnly: true });
  } catch (thrown) {
    return unreadable(thrown);
  }
  await using _open = database;
  const session = await database.connect();
  try {
    await confineToFolders(session, [folder.directory, await realpath(folder.directory), scratch.directory]);
    return await readTables(session, folder, task, scratch.directory, say);
  } catch (thrown) {
    if (thrown instanceof AttacheError && thrown.code === 'child_failed') throw thrown;
    return unreadable(thrown);
  }
}

async function readTables(
  session: Session,
  folder: ExtractFolder,
  task: ForeignTask,
  scratch: string,
  say: (event: ForeignEvent) => Promise<void>,
): Promise<Look> {
  const catalog = await session.first<{ name: string }>('SELECT current_database() AS name');
  const catalogue = await withinTime(session, task.tableMs, () =>
    examineCatalogue(session, catalog?.name ?? 'extract'),
  );
  const missing = catalogue.findings.find((found) => found.code === 'meta_missing');
  if (missing !== undefined)
    return { kind: 'unreadable', failure: { code: missing.code, message: missing.message }, again: false };
  const look: ReadLook = {
    kind: 'read',
    ours: false,
    tables: {},
    broken: {},
    problems: catalogue.findings.map(asProblem),
  };
  for (const [id, table] of catalogue.tables) {
    const ended = task.broken[id];
    if (ended !== undefined) {
      breakTable(look, id, 'adoption_failed', ended);
      continue;
    }
    await say({ table: id });
    const found = await readTable(session, folder, id, table, task, scratch, look);
    if (found !== null) look.tables[id] = found;
    await checkAlive(session, id);
  }
  await say({ table: null });
  return look;
}

/** Interrupts what takes longer; the session can be used for the next. */
async function withinTime<T>(session: Session, longestMs: number, work: () => Promise<T>): Promise<T> {
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    session.interrupt();
  }, longestMs);
  try {
    return await work();
  } catch (thrown) {
    if (over) throw new Error(`it took longer than ${longestMs / 1000} seconds; store its rows in a table instead`);
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** A SELECT may call functions that spoil the whole database; the parent then reads the others without that table. */
async function checkAlive(session: Session, table: string): Promise<void> {
  await session.run('SELECT 1').catch((cause: Error) => {
    throw new AttacheError('child_failed', {
      message: `Reading ${table} spoiled the session: ${cause.message.split('\n')[0]}`,
      cause,
    });
  });
}

/** The table as it can be served, or null with the reason in `look`. */
async function readTable(
  session: Session,
  folder: ExtractFolder,
  id: string,
  table: ExaminedTable,
  task: ForeignTask,
  scratch: string,
  look: ReadLook,
): Promise<FoundTable | null> {
  if (table.meta.query_mode === 'remote') return foundTable(folder, table, []);
  try {
    if (table.parts === null) {
      if (table.object === null) {
        look.broken[id] = `_meta lists ${id}, and there is no table or view of that name.`;
        return null;
      }
      const adopted = await withinTime(session, task.tableMs, () => adoptTable(session, task, id, table, scratch));
      look.problems.push(...adopted.problems.map(asProblem));
      return adopted.table;
    }
    const faults = await examineParts(folder.directory, id, table.parts);
    if (faults.length === 0) faults.push(...(await examineContent(session, folder.directory, id, table.parts)));
    look.problems.push(...faults.map(asProblem));
    if (faults[0] === undefined) return foundTable(folder, table, await describeParts(session, folder, table));
    look.broken[id] = faults[0].message;
  } catch (thrown) {
    breakTable(look, id, 'adoption_failed', confinedReason(thrown));
  }
  return null;
}

function breakTable(look: ReadLook, table: string, code: 'adoption_failed', reason: string): void {
  const message = `${table} cannot be read: ${reason.split('\n')[0]}`;
  look.broken[table] = message;
  look.problems.push({ table, code, message });
}
