/** Opens a portion of a table as a piece that the extension reads: the native way's SELECT, in a transaction that sees the run's snapshot. */
import { literal } from '../../../duckdb/quote.ts';
import type { Session } from '../../../duckdb/session.ts';
import { AttacheError } from '../../../errors/attache-error.ts';
import { lossyMark } from '../../lossy-mark.ts';
import { PlanAgain } from '../../plan-again.ts';
import type { OpenPiece, Piece, PieceWay } from '../../read-way.ts';
import type { TableRequest } from '../../table-request.ts';
import { checkSameTables } from '../check-same-tables.ts';
import { beginStatements } from '../connect.ts';
import { type Portion, scanSettings, selectOf } from '../portions.ts';
import type { Settings } from '../settings.ts';
import type { Snapshot } from '../snapshot.ts';
import { alias } from './attach.ts';
import type { Engine } from './engine.ts';
import type { ExtensionColumn } from './extension-columns.ts';

export interface ExtensionReading {
  engine: Engine;
  snapshot: Snapshot;
  settings: Settings;
  table: TableRequest;
  columns: readonly ExtensionColumn[];
}

export function extensionPieceOf(reading: ExtensionReading, portion: Portion): Piece {
  return { id: portion.id, open: (way) => openPiece(reading, portion, way) };
}

async function openPiece(
  reading: ExtensionReading,
  portion: Portion,
  { session, signal }: PieceWay,
): Promise<OpenPiece> {
  const leave = await reading.snapshot.takeSeat();
  const close = async () => {
    // An interrupted or failed transaction is gone already.
    await session.run('ROLLBACK').catch(() => {});
    leave();
  };
  const relation = queryRelation(selectOf(reading.columns.map(namedSelect), portion));
  try {
    await begin(session, reading, portion);
    await checkTypes(session, relation, reading.columns);
  } catch (thrown) {
    await close();
    signal.throwIfAborted();
    throw planAgain(reading, thrown);
  }
  return {
    relation,
    // The extension does not say how many rows the server sent, so the server is asked beside it.
    feed: async () => ({ rows: portion.stored ? await countPortion(reading.snapshot, portion) : null }),
    recover: async (failure) => {
      if (failure === null) await checkScan(session, portion);
      else if (!isLossy(failure)) throw planAgain(reading, failure);
      return null;
    },
    close,
  };
}

function namedSelect({ select, wire }: ExtensionColumn): string {
  return `${select} AS ${wire}`;
}

/** The statement runs on the server as it is; the extension itself would neither keep the order of rows nor share the snapshot. */
function queryRelation(sql: string): string {
  return `postgres_query(${literal(alias)}, ${literal(sql)})`;
}

async function begin(session: Session, { snapshot, settings }: ExtensionReading, portion: Portion): Promise<void> {
  await session.run('BEGIN TRANSACTION');
  // The extension has begun the transaction by itself; the snapshot must be its first statement.
  const [, ...statements] = beginStatements(settings, snapshot.server, snapshot.name);
  const all = [...statements, ...scanSettings(portion)].join('; ');
  await session.run(`CALL postgres_execute(${literal(alias)}, ${literal(all)})`);
}

/** A type that arrives otherwise than planned would give other bytes. */
async function checkTypes(session: Session, relation: string, columns: readonly ExtensionColumn[]): Promise<void> {
  const found = await session.rows<{ column_type: string }>(`DESCRIBE SELECT * FROM ${relation}`);
  const wrong = columns.findIndex((column, index) => found[index]?.column_type !== column.arrives);
  if (wrong !== -1)
    throw new Error(
      `column ${columns[wrong]!.name} arrives as ${found[wrong]?.column_type}, not as ${columns[wrong]!.arrives}`,
    );
}

async function countPortion(snapshot: Snapshot, portion: Portion): Promise<number> {
  const [row] = await snapshot.ask<{ rows: string }>(
    selectOf(['count(*)::text AS rows'], { ...portion, orderBy: null }),
  );
  return Number(row?.rows);
}

/** In the transaction of the scan, behind it. */
async function checkScan(session: Session, { schema, name }: Portion): Promise<void> {
  try {
    await checkSameTables((sql) => session.rows(`FROM ${queryRelation(sql)}`));
  } catch (thrown) {
    if (thrown instanceof AttacheError) throw thrown;
    throw new PlanAgain(`the extension lost its connection behind ${schema}.${name}`, { cause: thrown });
  }
}

function planAgain({ engine, table }: ExtensionReading, thrown: unknown): PlanAgain {
  return new PlanAgain(engine.giveUp(table, thrown), { cause: thrown });
}

function isLossy(failure: unknown): boolean {
  return failure instanceof Error && failure.message.includes(lossyMark);
}
