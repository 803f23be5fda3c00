/** One connection to a DuckDB database: statements in, plain rows out. */
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBValue, Json } from '@duckdb/node-api';
import { AttacheError } from '../errors/attache-error.ts';
import { ResultReturnType, StatementType } from './driver.ts';
import { exactValue } from './exact-values.ts';

/** A row as JSON-safe values: integers beyond 32 bits, decimals and times are text, so nothing loses a digit. */
export type Row = Record<string, Json>;

/** What `COPY … (RETURN_STATS)` says of a written file. */
export interface WriteStatistics {
  rows: number;
  sizeBytes: number;
  /** By column name: number of NULLs, and the smallest and largest value as text where the writer kept them. */
  columns: Map<string, { nulls: number; min: string | null; max: string | null }>;
}

export class Session {
  private readonly connection: DuckDBConnection;
  private readonly onClose: () => void;
  private open = true;

  constructor(connection: DuckDBConnection, onClose: () => void) {
    this.connection = connection;
    this.onClose = onClose;
  }

  /** Runs a statement, or several with a semicolon between them when there are no values, and drops the rows. */
  async run(sql: string, values?: DuckDBValue[]): Promise<void> {
    await this.connection.run(sql, values);
  }

  /** Runs one statement and returns all its rows. For small answers: bulk data stays inside DuckDB. */
  async rows<T = Row>(sql: string, values?: DuckDBValue[]): Promise<T[]> {
    const reader = await this.connection.runAndReadAll(sql, values);
    return reader.getRowObjectsJson() as T[];
  }

  /** The first row, or undefined. */
  async first<T = Row>(sql: string, values?: DuckDBValue[]): Promise<T | undefined> {
    return (await this.rows<T>(sql, values))[0];
  }

  /** Column names, DuckDB type names and at most `limit` rows, streamed so that a huge result costs only what is kept. */
  async table(
    sql: string,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<{ columns: { name: string; type: string }[]; rows: Json[][]; truncated: boolean }> {
    const result = await this.connection.streamAndRead(sql);
    if (limit === Number.POSITIVE_INFINITY) await result.readAll();
    else await result.readUntil(limit + 1);
    const names = result.deduplicatedColumnNames();
    const types = result.columnTypes();
    const rows = result.getRowsJson() as Json[][];
    return {
      columns: names.map((name, index) => ({ name, type: String(types[index]) })),
      rows: rows.slice(0, limit),
      truncated: rows.length > limit,
    };
  }

  /** Runs statements and hands the rows of the last on in batches as they are found; values are exact, see `exactValue`. No columns: it answers nothing, like CREATE. */
  async stream(
    sql: string,
  ): Promise<{ columns: { name: string; type: string }[]; batches: AsyncIterable<(Json | null)[][]> }> {
    const result = await (await this.prepareLast(sql)).stream();
    const types = result.columnTypes();
    const names = result.returnType === ResultReturnType.NOTHING ? [] : result.deduplicatedColumnNames();
    const columns = names.map((name, index) => ({ name, type: String(types[index]) }));
    return { columns, batches: result.yieldConvertedRows(exactValue) };
  }

  /** Runs all statements but the last. Only the last may answer with rows, so that no answer is lost in silence. */
  private async prepareLast(sql: string): Promise<DuckDBPreparedStatement> {
    const statements = await this.connection.extractStatements(sql).catch((thrown: Error) => {
      // The driver has no words of its own for text without a statement.
      throw thrown.message === 'Error in native callback'
        ? new AttacheError('usage', { message: 'The SQL holds no statement.' })
        : thrown;
    });
    for (let index = 0; index < statements.count - 1; index += 1) {
      const statement = await statements.prepare(index);
      if (statement.statementType === StatementType.SELECT)
        throw new AttacheError('usage', {
          message: `Statement ${index + 1} of ${statements.count} answers with rows, and only the last one may.`,
          hint: 'Ask one question at a time.',
        });
      await statement.run();
    }
    return statements.prepare(statements.count - 1);
  }

  /** Runs a `COPY … (FORMAT parquet, RETURN_STATS true)` to one file and returns what was written. */
  async copyToParquet(sql: string): Promise<WriteStatistics> {
    const written = await this.first<{
      count: string;
      file_size_bytes: string;
      column_statistics: { key: string; value: { key: string; value: string }[] }[] | null;
    }>(sql);
    const columns: WriteStatistics['columns'] = new Map();
    for (const { key, value } of written?.column_statistics ?? []) {
      const facts = new Map(value.map((entry) => [entry.key, entry.value]));
      columns.set(key.replace(/^"|"$/g, '').replaceAll('""', '"'), {
        nulls: Number(facts.get('null_count') ?? 0),
        min: facts.get('min') ?? null,
        max: facts.get('max') ?? null,
      });
    }
    return { rows: Number(written?.count ?? 0), sizeBytes: Number(written?.file_size_bytes ?? 0), columns };
  }

  /** Stops the running statement, which then fails; the session stays usable. */
  interrupt(): void {
    if (this.open) this.connection.interrupt();
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.connection.disconnectSync();
    this.onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
