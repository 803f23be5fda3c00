/** Opens the private database of a pushed source and brings its tables to the shape the connector asks for. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReceivedTable } from '../../connectors/receive-way.ts';
import { Database, type DatabaseLimits } from '../../duckdb/database.ts';
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { type LanePosition, laneStart } from '../inbox/inbox-reader.ts';
import { type Lane, lanes } from '../receive-folder.ts';
import { checkCarriedOver, keysText, metaTable } from './carried-over.ts';
import { fillMembers } from './fill-members.ts';
import { dirtyTable, hotTable } from './place-rows.ts';
import { completeTable } from './settle-visibility.ts';
import { own, type StateTable, shapeHash, stateColumns, stateTables } from './state-table.ts';

const positionTable = identifier('~positions');
export const publishedTable = identifier('~published');

/** Few, because a checkpoint takes the memory of a row group in all its columns, and events change rows here and there. */
const rowGroupRows = 16_384;

export interface State {
  database: Database;
  session: Session;
  /** Parents before children. */
  tables: readonly StateTable[];
  byId: ReadonlyMap<string, StateTable>;
  close(): void;
}

/** Creates it where there is none. Throws `OutgrownState` for one whose rows cannot become those asked for. */
export async function openState(
  path: string,
  received: readonly ReceivedTable[],
  limits: DatabaseLimits,
): Promise<State> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const database = await Database.open(path, limits, { rowGroupRows });
  try {
    const session = await database.connect();
    const tables = stateTables(received);
    // What is not in the file yet is held in memory.
    await session.run(`SET checkpoint_threshold = '32MB'`);
    await database.giveFreedMemoryBack();
    const byId = new Map(tables.map((table) => [table.id, table]));
    const state = { database, session, tables, byId, close: () => database.close() };
    await takeShape(state, shapeHash(received));
    return state;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** Creates what is not there, in one transaction. */
async function takeShape(state: State, hash: string): Promise<void> {
  const { session } = state;
  await session.run(`CREATE TABLE IF NOT EXISTS ${metaTable} (name VARCHAR, value VARCHAR)`);
  const known = await session.first<{ value: string }>(`SELECT value FROM ${metaTable} WHERE name = 'shape'`);
  if (known?.value === hash) return;
  if (known !== undefined) await checkCarriedOver(session, state.tables);
  await session.run('BEGIN');
  if (known === undefined) for (const statement of ownTables) await session.run(statement);
  for (const table of state.tables) await takeTableShape(state, table);
  await session.run(`DELETE FROM ${metaTable} WHERE name IN ('shape', 'keys')`);
  await session.run(
    `INSERT INTO ${metaTable} VALUES ('shape', ${literal(hash)}), ('keys', ${literal(keysText(state.tables))})`,
  );
  await session.run('COMMIT');
  await session.run('CHECKPOINT');
}

const ownTables = [
  `CREATE TABLE ${positionTable} (lane VARCHAR, segment BIGINT, "offset" BIGINT, sequence BIGINT)`,
  `CREATE TABLE ${completeTable} (table_name VARCHAR, parent VARCHAR, shown_at BIGINT)`,
  `CREATE TABLE ${dirtyTable} (table_name VARCHAR, part VARCHAR)`,
  `CREATE TABLE ${hotTable} (table_name VARCHAR, number INTEGER)`,
  `CREATE TABLE ${publishedTable} (table_name VARCHAR, part VARCHAR, path VARCHAR, rows BIGINT, size_bytes BIGINT, sha256 VARCHAR)`,
];

/** A table the connector has changed gains the columns it lacks and the types it asks for, and is written anew as a whole. */
async function takeTableShape({ session }: State, table: StateTable): Promise<void> {
  const name = identifier(table.id);
  const columns = stateColumns(table).map(([column, type]) => `${identifier(column)} ${type}`);
  await session.run(`CREATE TABLE IF NOT EXISTS ${name} (${columns.join(', ')})`);
  for (const column of columns) await session.run(`ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${column}`);
  const held = await session.rows<{ column_name: string; data_type: string }>(
    `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ${literal(table.id)} AND NOT internal`,
  );
  const types = new Map(stateColumns(table));
  for (const { column_name, data_type } of held) {
    const wanted = types.get(column_name) ?? data_type;
    if (wanted === data_type) continue;
    const column = identifier(column_name);
    await session.run(
      `ALTER TABLE ${name} ALTER COLUMN ${column} TYPE ${wanted} USING TRY_CAST(${column} AS ${wanted})`,
    );
  }
  await fillMembers(session, table, 'true');
  await session.run(
    `INSERT INTO ${dirtyTable} SELECT DISTINCT ${literal(table.id)}, ${identifier(own.part)} FROM ${name} WHERE ${identifier(own.part)} IS NOT NULL`,
  );
}

async function readPosition(session: Session, lane: Lane): Promise<LanePosition> {
  const row = await session.first<{ segment: string; offset: string; sequence: string }>(
    `SELECT segment, "offset", sequence FROM ${positionTable} WHERE lane = ${literal(lane)}`,
  );
  if (row === undefined) return { ...laneStart };
  return { segment: Number(row.segment), offset: Number(row.offset), sequence: Number(row.sequence) };
}

export async function readPositions(session: Session): Promise<Record<Lane, LanePosition>> {
  const found: Partial<Record<Lane, LanePosition>> = {};
  for (const lane of lanes) found[lane] = await readPosition(session, lane);
  return found as Record<Lane, LanePosition>;
}

export async function writePosition(session: Session, lane: Lane, position: LanePosition): Promise<void> {
  await session.run(`DELETE FROM ${positionTable} WHERE lane = ${literal(lane)}`);
  await session.run(
    `INSERT INTO ${positionTable} VALUES (${literal(lane)}, ${position.segment}, ${position.offset}, ${position.sequence})`,
  );
}
