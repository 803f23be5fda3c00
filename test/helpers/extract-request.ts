/** An extraction request with small limits, for tests that run the real child process. */
import { randomUUID } from 'node:crypto';
import type { TableRequest } from '../../src/connectors/table-request.ts';
import type { ExtractRequest } from '../../src/extract/shapes.ts';

export function tableRequest(id: string, facts: Partial<TableRequest> = {}): TableRequest {
  return {
    id,
    bucket: null,
    source_table: id,
    primary_key: [],
    sync_strategy: 'full_refresh',
    query_mode: 'local',
    description: null,
    options: {},
    ...facts,
  };
}

export function extractRequest(
  dataDirectory: string,
  source: { name: string; type: string; settings: Record<string, unknown> },
  tables: TableRequest[],
  facts: Partial<ExtractRequest> = {},
): ExtractRequest {
  return {
    runId: randomUUID(),
    dataDirectory,
    source: { schedule: null, ...source },
    tables,
    secrets: {},
    duckdb: { memoryLimit: '400MB', threads: 2, extensionDirectories: [] },
    limits: { extractMemoryBytes: 1_000_000_000, extractTimeMs: 120_000, graceMs: 3_600_000 },
    ...facts,
  };
}
