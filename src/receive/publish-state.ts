/** Writes the parts that changed and makes them live; the table stays the exact union of its parts. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import type { Column, ExtractCatalogue, Part } from '../contract/shapes.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { identifier, literal } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { hashFile } from '../files/hash-file.ts';
import { takeLock } from '../files/lock.ts';
import { crashPoint } from '../publish/crash-point.ts';
import { type Publication, publish } from '../publish/publish.ts';
import { flushParts, sealPart, sealPartUnflushed } from '../publish/seal-part.ts';
import { publishedTable, type State } from './state/open-state.ts';
import { dirtyTable } from './state/place-rows.ts';
import { isVisible, own, type StateTable } from './state/state-table.ts';

export interface Published {
  generation: number;
  /** Tables with new content. */
  tables: string[];
  parts: number;
  /** Bytes written for them. */
  bytes: number;
}

/** A table that says how far things are; its one row is given as SQL. */
export interface OwnRow {
  table: string;
  description: string;
  columns: readonly (Column & { sql: string })[];
}

export interface PublishPlace {
  folder: ExtractFolder;
  scratch: string;
  limits: DatabaseLimits;
}

/** Parts by the name they have in the state, by table. */
type PublishedParts = Map<string, Map<string, Part>>;

/** A part of a table without rows, so that it has its columns all the same. */
const emptyPart = 'empty';
const rowGroupRows = 8_192;

/** Publishes what is dirty; null when nothing is. `leaving`: tables that go from the extract. */
export async function publishState(
  state: State,
  place: PublishPlace,
  ownRow: OwnRow,
  leaving: readonly string[] = [],
): Promise<Published | null> {
  const dirty = await state.session.rows<{ table_name: string; part: string }>(
    `SELECT DISTINCT table_name, part FROM ${dirtyTable} ORDER BY ALL`,
  );
  const known = await readPublished(state.session);
  const untold = state.tables.filter((table) => !known.has(table.id));
  if (dirty.length === 0 && untold.length === 0 && leaving.length === 0) return null;
  const changed = new Map<string, string[]>(untold.map((table) => [table.id, []]));
  for (const { table_name, part } of dirty) changed.set(table_name, [...(changed.get(table_name) ?? []), part]);
  const written: Published = { generation: 0, tables: [...changed.keys()], parts: 0, bytes: 0 };
  const tables: Map<string, PublishedTable> = new Map();
  const renewed: PublishedParts = new Map();
  for (const [id, parts] of changed) {
    const table = state.byId.get(id)!;
    const next = new Map(known.get(id));
    await renewParts(state, table, parts, next, place, written);
    await keepTyped(state, table, next, place, written);
    tables.set(id, publication(table, next));
    renewed.set(id, next);
  }
  tables.set(ownRow.table, await writeOwnRow(state.session, ownRow, place));
  crashPoint('publish.after-parts');
  const live = await publishLocked(place, { tables, removed: leaving });
  written.generation = live.generation;
  await rememberPublished(state.session, known, renewed);
  return written;
}

/** Writes parts anew. While one is made safe on the disk the next is written: neither waits for the other. */
async function renewParts(
  state: State,
  table: StateTable,
  names: readonly string[],
  parts: Map<string, Part>,
  place: PublishPlace,
  written: Published,
): Promise<void> {
  const sealing: Promise<void>[] = [];
  for (const [index, part] of names.entries()) {
    const file = join(place.scratch, `${table.id}-${index}.parquet`);
    crashPoint('publish.before-part');
    const { rows } = await state.session.copyToParquet(copyTo(rowsOf(table, part), file, `${table.id}/${part}`));
    crashPoint('publish.mid-part');
    if (rows === 0 && part !== emptyPart) {
      parts.delete(part);
      await rm(file, { force: true });
      continue;
    }
    const sealed = sealPartUnflushed(place.folder, table.id, file, rows).then((found) => {
      parts.set(part, found);
      written.parts += 1;
      written.bytes += found.size_bytes;
    });
    // A failure is thrown below; noted here so that a copy that fails first leaves none unheard.
    sealed.catch(() => {});
    sealing.push(sealed);
  }
  await Promise.all(sealing);
  if (sealing.length > 0) await flushParts(place.folder, table.id);
}

/** In the order they lie in: sorting takes a quarter of the time of a part, whose few thousand rows lie in one row group anyway. */
function rowsOf(table: StateTable, part: string): string {
  const columns = table.published.map(({ name }) => `t.${identifier(name)}`).join(', ');
  return `SELECT ${columns} FROM ${identifier(table.id)} t WHERE t.${identifier(own.part)} = ${literal(part)} AND ${isVisible(table, 't')}`;
}

/** A table without rows keeps one empty part; one with rows drops it. */
async function keepTyped(
  state: State,
  table: StateTable,
  parts: Map<string, Part>,
  place: PublishPlace,
  written: Published,
): Promise<void> {
  if ([...parts.keys()].some((part) => part !== emptyPart)) parts.delete(emptyPart);
  else if (!parts.has(emptyPart)) await renewParts(state, table, [emptyPart], parts, place, written);
}

/** The mark keeps two parts with the same bytes apart: parts are named by content, and each is listed once. */
function copyTo(query: string, file: string, mark: string): string {
  return `COPY (${query}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${rowGroupRows}, KV_METADATA {da_part: ${literal(mark)}}, RETURN_STATS true)`;
}

type PublishedTable = Publication['tables'] extends ReadonlyMap<string, infer Table> ? Table : never;

function publication(table: StateTable, parts: ReadonlyMap<string, Part>): PublishedTable {
  const columns = table.published.map(({ name, type }) => ({ name, type }));
  return asPublished(table.id, table.received.description, columns, [...parts.values()]);
}

function asPublished(id: string, description: string, columns: Column[], parts: Part[]): PublishedTable {
  return {
    meta: {
      table_name: id,
      description,
      rows: parts.reduce((sum, part) => sum + part.rows, 0),
      size_bytes: parts.reduce((sum, part) => sum + part.size_bytes, 0),
      extracted_at: `${new Date().toISOString().slice(0, -1)}000Z`,
      query_mode: 'local',
    },
    parts: [...parts].sort((a, b) => (a.path < b.path ? -1 : 1)),
    record: { columns, state: null, schema_changes: [] },
  };
}

async function writeOwnRow(session: Session, row: OwnRow, place: PublishPlace): Promise<PublishedTable> {
  const file = join(place.scratch, `${row.table}.parquet`);
  const select = row.columns.map(({ name, type, sql }) => `CAST(${sql} AS ${type}) AS ${identifier(name)}`).join(', ');
  await session.copyToParquet(copyTo(`SELECT ${select}`, file, row.table));
  const columns = row.columns.map(({ name, type }) => ({ name, type }));
  return asPublished(row.table, row.description, columns, [await sealPart(place.folder, row.table, file, 1)]);
}

/** The source's lock is held for the swap alone, so that others who change the extract find it free. */
async function publishLocked(place: PublishPlace, change: Publication): Promise<ExtractCatalogue> {
  await using _lock = await takeLock(join(place.folder.work, 'lock'), `The source ${place.folder.source}`);
  return await publish(place.folder, change, place.scratch, place.limits);
}

async function readPublished(session: Session): Promise<PublishedParts> {
  const known: PublishedParts = new Map();
  for (const row of await session.rows<Part & { table_name: string; part: string }>(`FROM ${publishedTable}`)) {
    const { table_name, part, path, sha256 } = row;
    if (!known.has(table_name)) known.set(table_name, new Map());
    known.get(table_name)!.set(part, { path, rows: Number(row.rows), size_bytes: Number(row.size_bytes), sha256 });
  }
  return known;
}

async function rememberPublished(session: Session, before: PublishedParts, renewed: PublishedParts): Promise<void> {
  await session.run('BEGIN');
  await session.run(`DELETE FROM ${dirtyTable}`);
  for (const [id, parts] of renewed) {
    const known = before.get(id) ?? new Map<string, Part>();
    const written = [...parts].filter(([part, { sha256 }]) => known.get(part)?.sha256 !== sha256);
    const left = [...known.keys()].filter((part) => parts.get(part)?.sha256 !== known.get(part)?.sha256);
    if (left.length > 0)
      await session.run(
        `DELETE FROM ${publishedTable} WHERE table_name = ${literal(id)} AND part IN (${left.map(literal).join(', ')})`,
      );
    const rows = written.map(
      ([part, { path, rows: count, size_bytes, sha256 }]) =>
        `(${literal(id)}, ${literal(part)}, ${literal(path)}, ${count}, ${size_bytes}, ${literal(sha256)})`,
    );
    if (rows.length > 0) await session.run(`INSERT INTO ${publishedTable} VALUES ${rows.join(', ')}`);
  }
  await session.run('COMMIT');
}

/** Finds what of the published files or their catalogue is missing or damaged and marks it for writing anew. Returns sentences about it. */
export async function checkPublished(state: State, place: PublishPlace): Promise<string[]> {
  const found: string[] = [];
  const { folder } = place;
  await mkdir(folder.data, { recursive: true });
  const catalogue = await readExtractCatalogue(folder, place.limits).catch(async (thrown: Error) => {
    found.push(`The catalogue of the extract cannot be read and is built anew: ${thrown.message}`);
    await rename(folder.database, `${folder.database}.damaged`);
    return readExtractCatalogue(folder, place.limits);
  });
  const known = await readPublished(state.session);
  for (const [id, parts] of known) {
    const listed = new Set(catalogue.tables.get(id)?.parts.map((part) => part.sha256));
    const same = listed.size === parts.size && [...parts.values()].every((part) => listed.has(part.sha256));
    for (const [name, part] of parts) {
      const sound = await isSound(join(folder.directory, part.path), part);
      if (!sound) {
        found.push(`A part of ${id} is missing or damaged and is written anew.`);
        await rm(join(folder.directory, part.path), { force: true });
      }
      if (!sound || !same) await markDirty(state.session, id, name);
    }
  }
  return found;
}

async function markDirty(session: Session, table: string, part: string): Promise<void> {
  await session.run(`INSERT INTO ${dirtyTable} VALUES (${literal(table)}, ${literal(part)})`);
}

async function isSound(path: string, part: Part): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => -1,
  );
  return size === part.size_bytes && (await hashFile(path)) === part.sha256;
}
