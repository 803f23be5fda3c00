/** Extracts tables of a test's PostgreSQL and reads what was published. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TableRequest } from '../../src/connectors/table-request.ts';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { readExtractCatalogue } from '../../src/contract/read.ts';
import type { ExtractCatalogue } from '../../src/contract/shapes.ts';
import { Database } from '../../src/duckdb/database.ts';
import type { Row } from '../../src/duckdb/session.ts';
import type { ExtractReport, ExtractRequest, PlannedSync } from '../../src/extract/shapes.ts';
import { askHere, extractHere } from './extract-here.ts';
import { extractRequest, tableRequest } from './extract-request.ts';

export interface PostgresSource {
  directory: string;
  /** Extracts tables by id (equal to the table's name) or by request. */
  extract(
    tables: (string | TableRequest)[],
    facts?: Partial<ExtractRequest>,
    options?: Parameters<typeof extractHere>[1],
  ): Promise<ExtractReport>;
  /** What a sync of the table would read now. */
  plan(table: TableRequest, facts?: { full?: true; since?: string }): Promise<PlannedSync>;
  /** Queries the published extract. */
  query<T = Row>(sql: string): Promise<T[]>;
  catalogue(): Promise<ExtractCatalogue>;
  remove(): Promise<void>;
}

export async function postgresSource(settings: Record<string, unknown>): Promise<PostgresSource> {
  const directory = await mkdtemp(join(tmpdir(), 'da-postgres-source-'));
  const limits = { memoryLimit: '300MB', threads: 1, tempDirectory: join(directory, 'spill') };
  const source = { name: 'crm', type: 'postgres', settings };
  return {
    directory,
    extract: (tables, facts = {}, options = {}) =>
      extractHere(
        extractRequest(
          directory,
          source,
          tables.map((table) => (typeof table === 'string' ? tableRequest(table) : table)),
          facts,
        ),
        options,
      ),
    plan(table, facts = {}) {
      const { runId: _run, tables: _tables, ...request } = extractRequest(directory, source, []);
      return askHere(request, { kind: 'plan', table, ...facts });
    },
    async query<T>(sql: string) {
      await using database = await Database.open(join(directory, 'extracts/crm/extract.duckdb'), limits, {
        readOnly: true,
      });
      using session = await database.connect();
      return await session.rows<T>(sql);
    },
    catalogue: () => readExtractCatalogue(extractFolder(directory, 'crm'), limits),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
