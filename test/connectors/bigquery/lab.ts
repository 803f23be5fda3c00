/** A BigQuery to test against, and extractions from it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { extractFolder } from '../../../src/contract/extract-folder.ts';
import { readExtractCatalogue } from '../../../src/contract/read.ts';
import { Database } from '../../../src/duckdb/database.ts';
import { literalList } from '../../../src/duckdb/quote.ts';
import type { Row } from '../../../src/duckdb/session.ts';
import type { ConnectorQuestion, ExtractReport, ExtractRequest, TableResult } from '../../../src/extract/shapes.ts';
import { type BigQueryDouble, type BigQueryOptions, startBigQuery } from '../../doubles/bigquery/start.ts';
import { askHere, extractHere } from '../../helpers/extract-here.ts';
import { extractRequest, tableRequest } from '../../helpers/extract-request.ts';

export class Lab {
  readonly double: BigQueryDouble;
  directory: string;
  settings: Record<string, unknown>;

  private constructor(double: BigQueryDouble, directory: string) {
    this.double = double;
    this.directory = directory;
    this.settings = {
      project: 'lab',
      api_endpoint: double.apiEndpoint,
      storage_endpoint: double.storageEndpoint,
      stall_timeout_seconds: 20,
    };
  }

  static async open(options: BigQueryOptions = {}): Promise<Lab> {
    const double = await startBigQuery({ careful: true, ...options });
    double.control.dataset({ project: 'lab', dataset: 'd', location: 'EU' });
    return new Lab(double, await mkdtemp(join(tmpdir(), 'da-bigquery-')));
  }

  /** From now on extracts go to a folder with nothing in it. */
  async startOver(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    this.directory = await mkdtemp(join(tmpdir(), 'da-bigquery-'));
  }

  get control(): BigQueryDouble['control'] {
    return this.double.control;
  }

  /** A registered table of the dataset `d`. */
  table(id: string, facts: Partial<TableRequest> = {}): TableRequest {
    return tableRequest(id, { bucket: 'd', ...facts });
  }

  request(tables: TableRequest[], facts: Partial<ExtractRequest> = {}, settings = {}): ExtractRequest {
    const source = { name: 'warehouse', type: 'bigquery', settings: { ...this.settings, ...settings } };
    return extractRequest(this.directory, source, tables, facts);
  }

  extract(tables: TableRequest[], settings = {}, facts: Partial<ExtractRequest> = {}): Promise<ExtractReport> {
    return extractHere(this.request(tables, facts, settings));
  }

  /** The table as it stands after its registration. */
  async register(table: TableRequest, settings = {}): Promise<TableRequest & { notes: string[] }> {
    const { options, primary_key, notes } = await this.ask({ kind: 'settle', table }, settings);
    return { ...table, options, primary_key: primary_key ?? table.primary_key, notes };
  }

  /** The result of the one table. */
  async sync(table: TableRequest, settings = {}, facts: Partial<ExtractRequest> = {}): Promise<TableResult> {
    return (await this.extract([table], settings, facts)).tables[0]!;
  }

  ask<Q extends ConnectorQuestion>(question: Q, settings = {}) {
    return askHere(this.request([], {}, settings), question);
  }

  /** What is live of a table: its parts' hashes, and the rows a query over the relation `t` finds. */
  async published(id: string, query = 'SELECT * FROM t ORDER BY ALL'): Promise<{ rows: Row[]; parts: string[] }> {
    const folder = extractFolder(this.directory, 'warehouse');
    const limits = { memoryLimit: '400MB', threads: 2, tempDirectory: join(this.directory, 'spill') };
    const catalogue = await readExtractCatalogue(folder, limits);
    const parts = catalogue.tables.get(id)?.parts ?? [];
    await using database = await Database.inMemory(limits);
    const session = await database.connect();
    await session.run(
      `CREATE VIEW t AS SELECT * FROM read_parquet(${literalList(parts.map((part) => join(folder.directory, part.path)))})`,
    );
    return { rows: await session.rows(query), parts: parts.map((part) => part.sha256) };
  }

  /** `_meta` and `_remote_attach` of the extract. */
  async extractRows(): Promise<{ meta: Row[]; remoteAttach: Row[] }> {
    const path = extractFolder(this.directory, 'warehouse').database;
    const limits = { memoryLimit: '400MB', threads: 2, tempDirectory: join(this.directory, 'spill') };
    await using database = await Database.open(path, limits, { readOnly: true });
    const session = await database.connect();
    return {
      meta: await session.rows('SELECT table_name, rows, size_bytes, query_mode FROM _meta ORDER BY table_name'),
      remoteAttach: await session.rows('SELECT * FROM _remote_attach ORDER BY ALL'),
    };
  }

  get memoryPath(): string {
    return join(extractFolder(this.directory, 'warehouse').work, 'source-memory.json');
  }

  async memory(): Promise<{ day: string; bytes: number; jobs: unknown[] }> {
    return JSON.parse(await readFile(this.memoryPath, 'utf8'));
  }

  async close(): Promise<void> {
    await this.double.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
