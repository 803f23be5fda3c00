/**
 * Where pieces are read, and how many at once.
 *
 * A stream is read by one thread, whatever there are. In a database with more of them DuckDB gathers all rows of a stream before it writes the first row group, and a query
 * whose work another thread has taken keeps its own busy with waiting. So streams are read in a database of one thread: a row group is written once its rows are there, and a
 * query works on the thread that asked. One thread keeps the order of rows by itself, which is what lets row groups be bounded by bytes too.
 */
import { parseSize } from '../connectors/byte-size.ts';
import type { Connector } from '../connectors/connector.ts';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';

/** What a piece in work takes of DuckDB's limit: two row groups in different states, and the bytes before them. */
const pieceBytes = 128e6;

/** As many pieces as there are threads, and memory for. */
export function piecesAtOnce({ threads, memoryLimit }: Pick<DatabaseLimits, 'threads' | 'memoryLimit'>): number {
  const fitting = Math.floor((parseSize(memoryLimit) ?? Number.POSITIVE_INFINITY) / pieceBytes);
  return Math.max(1, Math.min(threads, fitting));
}

/** The run's own database. */
export async function openRunDatabase(limits: DatabaseLimits): Promise<Database> {
  const database = await Database.inMemory(limits);
  await database.giveFreedMemoryBack();
  return database;
}

/** A database for the pieces of a connector that brings streams; null when they are read like everything else. */
export async function openStreamDatabase(connector: Connector, limits: DatabaseLimits): Promise<Database | null> {
  if (connector.streams === undefined) return null;
  const database = await Database.inMemory({
    ...limits,
    threads: 1,
    preserveInsertionOrder: false,
    // Beside the other database's folder: two must not share one, and DuckDB makes only the last folder of a path.
    tempDirectory: `${limits.tempDirectory}-streams`,
  });
  await database.giveFreedMemoryBack();
  return database;
}
