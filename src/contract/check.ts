/** Says whether a folder fulfils the contract of an extract, and what does not. */
import { existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { confinedReason, confineToFolders } from '../duckdb/confine.ts';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { type ExaminedTable, examineCatalogue } from './examine-catalogue.ts';
import { examineContent } from './examine-content.ts';
import { examineParts } from './examine-parts.ts';
import { extractFolderAt } from './extract-folder.ts';
import { type Finding, finding } from './findings.ts';
import { identityFault } from './identity.ts';
import type { QueryMode } from './shapes.ts';
import { partsQuery } from './write.ts';

export interface CheckOptions {
  limits: DatabaseLimits;
  /** Also compares every row: that each view gives just what its parts hold. */
  deep?: boolean;
  /** Ends the check, which then throws the reason. */
  signal?: AbortSignal;
}

export interface CheckOutcome {
  /** No finding is an error. */
  ok: boolean;
  findings: Finding[];
  tables: {
    name: string;
    query_mode: QueryMode;
    object: 'table' | 'view' | null;
    rows: number | null;
    parts: number;
  }[];
}

/** Never throws because of what is in the folder, only when it is told to stop. */
export async function checkExtract(directory: string, options: CheckOptions): Promise<CheckOutcome> {
  const folder = extractFolderAt(resolve(directory), basename(resolve(directory)));
  const outcome: CheckOutcome = { ok: true, findings: [], tables: [] };
  const found = await stat(folder.directory).catch(() => null);
  if (found?.isDirectory() !== true) return judged(outcome, finding('folder_missing', null, folder.directory));
  const fault = identityFault(folder.source);
  if (fault !== null) outcome.findings.push(finding('source_name', null, `${JSON.stringify(folder.source)}, ${fault}`));
  if (!existsSync(folder.database)) return judged(outcome, finding('extract_missing', null, folder.database));
  if (existsSync(`${folder.database}.wal`)) outcome.findings.push(finding('wal_left', null, `${folder.database}.wal`));
  try {
    await using database = await Database.open(folder.database, options.limits, { readOnly: true });
    const session = await database.connect();
    options.signal?.addEventListener('abort', () => session.interrupt(), { once: true });
    await confineToFolders(session, [folder.directory, await realpath(folder.directory)]);
    await checkDatabase(session, folder.directory, options, outcome);
  } catch (thrown) {
    options.signal?.throwIfAborted();
    return judged(outcome, asFinding(thrown));
  }
  options.signal?.throwIfAborted();
  return judged(outcome);
}

async function checkDatabase(
  session: Session,
  directory: string,
  { deep = false, signal }: CheckOptions,
  outcome: CheckOutcome,
): Promise<void> {
  const catalog = await session.first<{ name: string }>('SELECT current_database() AS name');
  const { findings, tables } = await examineCatalogue(session, catalog?.name ?? 'extract');
  outcome.findings.push(...findings);
  for (const [name, table] of tables) {
    const { meta, object, parts } = table;
    signal?.throwIfAborted();
    if (meta.query_mode === 'local')
      outcome.findings.push(...(await checkTable(session, directory, name, table, deep)));
    outcome.tables.push({ name, query_mode: meta.query_mode, object, rows: meta.rows, parts: parts?.length ?? 0 });
  }
}

async function checkTable(
  session: Session,
  directory: string,
  name: string,
  { meta, object, parts }: ExaminedTable,
  deep: boolean,
): Promise<Finding[]> {
  const relation = qualified('main', name);
  const findings: Finding[] = [];
  if (object !== null) {
    const failure = await attempt(session, `SELECT * FROM ${relation} LIMIT 0`);
    if (failure !== null) findings.push(finding('object_unreadable', name, failure));
  }
  if (parts !== null) {
    const wrong = await examineParts(directory, name, parts);
    if (wrong.length === 0) wrong.push(...(await examineContent(session, directory, name, parts)));
    findings.push(...wrong);
  }
  if (object === null || findings.length > 0) return findings;
  if (parts !== null) findings.push(...(await compare(session, name, partsQuery(directory, { parts }), deep)));
  if (parts !== null || object === 'table' || deep) findings.push(...(await checkRows(session, name, meta.rows)));
  return findings;
}

async function checkRows(session: Session, name: string, claimed: number | null): Promise<Finding[]> {
  if (claimed === null) return [];
  try {
    const counted = await session.first<{ rows: string }>(`SELECT count(*) AS rows FROM ${qualified('main', name)}`);
    if (Number(counted?.rows) === claimed) return [];
    return [finding('rows_differ', name, `it has ${counted?.rows}, not ${claimed}`)];
  } catch (thrown) {
    return [finding('object_unreadable', name, confinedReason(thrown))];
  }
}

/** Whether the table or view gives the union of its parts: the same columns and count, and with `deep` the same rows. */
async function compare(session: Session, name: string, union: string, deep: boolean): Promise<Finding[]> {
  const view = `SELECT * FROM ${qualified('main', name)}`;
  const shape = async (query: string) =>
    (await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${query}`))
      .map((row) => `${row.column_name} ${row.column_type}`)
      .join(', ');
  try {
    const [given, held] = [await shape(view), await shape(union)];
    if (given !== held) return [finding('parts_differ', name, `its columns are (${given}), not (${held})`)];
    const counts = await session.first<{ given: string; held: string }>(
      `SELECT (SELECT count(*) FROM (${view})) AS given, (SELECT count(*) FROM (${union})) AS held`,
    );
    if (counts?.given !== counts?.held)
      return [finding('parts_differ', name, `it gives ${counts?.given} rows, not ${counts?.held}`)];
    if (!deep) return [];
    const other = await session.first<{ rows: string }>(
      `SELECT count(*) AS rows FROM ((${view} EXCEPT ALL ${union}) UNION ALL (${union} EXCEPT ALL ${view}))`,
    );
    return Number(other?.rows) === 0 ? [] : [finding('parts_differ', name, `${other?.rows} rows differ`)];
  } catch (thrown) {
    return [finding('object_unreadable', name, confinedReason(thrown))];
  }
}

async function attempt(session: Session, sql: string): Promise<string | null> {
  return session.run(sql).then(() => null, confinedReason);
}

function asFinding(thrown: unknown): Finding {
  if (thrown instanceof AttacheError && thrown.code === 'locked')
    return finding('locked', null, 'close it, then check again');
  if (thrown instanceof AttacheError && thrown.code === 'contract_broken')
    return finding('catalogue_too_large', null, thrown.message);
  return finding('not_a_database', null, confinedReason(thrown));
}

function judged(outcome: CheckOutcome, last?: Finding): CheckOutcome {
  if (last !== undefined) outcome.findings.push(last);
  return { ...outcome, ok: outcome.findings.every((found) => found.severity !== 'error') };
}
