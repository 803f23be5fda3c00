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
  const held = await heldColumns(session);
  for (const table of state.tables) await takeTableShape(session, table, held.get(table.id));
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

type ColumnTypes = ReadonlyMap<string, string>;

/** A table the connector has changed gains the columns it lacks and the types it asks for, and is written anew as a whole. `held`: what it has now. */
async function takeTableShape(session: Session, table: StateTable, held: ColumnTypes | undefined): Promise<void> {
  const name = identifier(table.id);
  const columns = stateColumns(table).map(([column, type]) => ({ column, type, quoted: identifier(column) }));
  if (held === undefined) {
    await session.run(`CREATE TABLE ${name} (${columns.map(({ quoted, type }) => `${quoted} ${type}`).join(', ')})`);
    return;
  }
  for (const { column, type, quoted } of columns) {
    const before = held.get(column);
    if (before === undefined) await session.run(`ALTER TABLE ${name} ADD COLUMN ${quoted} ${type}`);
    else if (before !== type)
      await session.run(`ALTER TABLE ${name} ALTER COLUMN ${quoted} TYPE ${type} USING TRY_CAST(${quoted} AS ${type})`);
  }
  await fillMembers(session, table, 'true');
  await session.run(
    `INSERT INTO ${dirtyTable} SELECT DISTINCT ${literal(table.id)}, ${identifier(own.part)} FROM ${name} WHERE ${identifier(own.part)} IS NOT NULL`,
  );
}

/** Types of the columns by table, then by name. */
async function heldColumns(session: Session): Promise<Map<string, Map<string, string>>> {
  const held = new Map<string, Map<string, string>>();
  const rows = await session.rows<{ table_name: string; column_name: string; data_type: string }>(
    'SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal',
  );
  for (const { table_name, column_name, data_type } of rows) {
    if (!held.has(table_name)) held.set(table_name, new Map());
    held.get(table_name)!.set(column_name, data_type);
  }
  return held;
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
