/** A DuckDB file as a source that a test can change, and the extract that comes of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TableRequest } from '../../src/connectors/table-request.ts';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { readExtractCatalogue } from '../../src/contract/read.ts';
import type { ExtractTable } from '../../src/contract/shapes.ts';
import { Database } from '../../src/duckdb/database.ts';
import { runExtract } from '../../src/extract/run-extract.ts';
import type { ExtractRequest, TableResult } from '../../src/extract/shapes.ts';
import { extractRequest } from './extract-request.ts';

export class Warehouse {
  readonly directory: string;
  readonly file: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.file = join(directory, 'warehouse.duckdb');
  }

  static async create(): Promise<Warehouse> {
    return new Warehouse(await mkdtemp(join(tmpdir(), 'da-warehouse-')));
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  private limits() {
    return { memoryLimit: '300MB', threads: 2, tempDirectory: join(this.directory, 'spill') };
  }

  /** Runs statements in the source. */
  async run(...statements: string[]): Promise<void> {
    await using database = await Database.open(this.file, this.limits());
    const session = await database.connect();
    for (const statement of statements) await session.run(statement);
  }

  request(tables: TableRequest[], facts: Partial<ExtractRequest> = {}): ExtractRequest {
    return extractRequest(
      this.directory,
      { name: 'shop', type: 'duckdb', settings: { path: this.file } },
      tables,
      facts,
    );
  }

  /** Extracts one table in this process. */
  async sync(table: TableRequest, facts: Partial<ExtractRequest> = {}): Promise<TableResult & { notes: string[] }> {
    const report = await runExtract(this.request([table], facts), {
      signal: new AbortController().signal,
      onEvent: () => {},
    });
    return { ...report.tables[0]!, notes: report.notes };
  }

  /** Rows of a query over the extract, with the source attached as `source`. */
  async query<T = Record<string, unknown>>(sql: string): Promise<T[]> {
    await using database = await Database.open(join(this.directory, 'extracts/shop/extract.duckdb'), this.limits(), {
      readOnly: true,
    });
    const session = await database.connect();
    await session.run(`ATTACH '${this.file}' AS source (READ_ONLY)`);
    return await session.rows<T>(sql);
  }

  /** Rows that only one of source and extract has, with their multiplicity; empty when they are equal. */
  async difference(table: string): Promise<unknown[]> {
    const [theirs, ours] = [`SELECT * FROM source.main.${table}`, `SELECT * FROM ${table}`];
    return this.query(
      `SELECT 'missing' AS side, * FROM (${theirs} EXCEPT ALL ${ours}) UNION ALL SELECT 'extra', * FROM (${ours} EXCEPT ALL ${theirs}) LIMIT 10`,
    );
  }

  async published(table: string): Promise<ExtractTable> {
    const catalogue = await readExtractCatalogue(extractFolder(this.directory, 'shop'), this.limits());
    return catalogue.tables.get(table)!;
  }
}
