/** Where the state and its backups stand in the data folder. */
import { join } from 'node:path';
import type { DatabaseLimits } from '../duckdb/database.ts';

export interface StateFiles {
  database: string;
  wal: string;
  backups: string;
  /** Copies of damaged files, kept for whoever wants to look. */
  damaged: string;
}

export function stateFiles(dataDirectory: string): StateFiles {
  const database = join(dataDirectory, 'system.duckdb');
  return {
    database,
    wal: `${database}.wal`,
    backups: join(dataDirectory, 'backups', 'system'),
    damaged: join(dataDirectory, 'backups', 'damaged'),
  };
}

/** The state is small; its share of memory stays so. */
export function stateLimits(dataDirectory: string): DatabaseLimits {
  return { memoryLimit: '96MB', threads: 1, tempDirectory: join(dataDirectory, '.da', 'spill', 'system') };
}
