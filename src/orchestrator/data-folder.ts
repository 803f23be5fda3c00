/** Where the orchestrator's things stand in the data folder. */
import { join } from 'node:path';

export interface DataFolder {
  directory: string;
  extracts: string;
  /** Parts made from extracts that somebody else wrote. */
  adopted: string;
  /** The master: what every reader opens. */
  master: string;
  /** The catalogue of what the master holds, read at start instead of every extract. */
  catalogue: string;
  /** Scratch, lock and ledgers. */
  work: string;
}

export function dataFolder(directory: string): DataFolder {
  return {
    directory,
    extracts: join(directory, 'extracts'),
    adopted: join(directory, 'adopted'),
    master: join(directory, 'analytics.duckdb'),
    catalogue: join(directory, 'catalogue.json'),
    work: join(directory, '.da'),
  };
}
