/** Where things stand in an extract's folder, and in the data folder as a whole. */
import { join } from 'node:path';
import { checkIdentity } from './identity.ts';

/** The paths of one extract. */
export interface ExtractFolder {
  source: string;
  /** `DATA_DIR/extracts/{source}` */
  directory: string;
  /** The catalogue: `_meta` and one view or table for each of its rows. */
  database: string;
  /** The files the views read. */
  data: string;
  /** Ours alone: scratch of runs, lock, ledger of retired parts, rejected rows. Nobody reads it through the contract. */
  work: string;
}

export function extractFolder(dataDirectory: string, source: string): ExtractFolder {
  return extractFolderAt(join(dataDirectory, 'extracts', checkIdentity(source, 'The source name')), source);
}

export function extractFolderAt(directory: string, source: string): ExtractFolder {
  return {
    source,
    directory,
    database: join(directory, 'extract.duckdb'),
    data: join(directory, 'data'),
    work: join(directory, '.da'),
  };
}

/** The path of a part, relative to the extract's folder: content-named, so that a name never changes its bytes. */
export function partPath(table: string, sha256: string): string {
  return `data/${table}/${sha256}.parquet`;
}
