/** The limits of the orchestrator's own DuckDB sessions. */
import { join } from 'node:path';
import type { DatabaseLimits } from '../duckdb/database.ts';
import type { OrchestratorOptions } from './shapes.ts';

export function databaseLimits({ duckdb }: Pick<OrchestratorOptions, 'duckdb'>, scratch: string): DatabaseLimits {
  return { memoryLimit: duckdb.memoryLimit, threads: duckdb.threads, tempDirectory: join(scratch, 'spill') };
}
