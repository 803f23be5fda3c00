/** What all steps of one extraction share. Types only. */
import type { Connector } from '../connectors/connector.ts';
import type { ReadSession } from '../connectors/read-way.ts';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { ExtractCatalogue } from '../contract/shapes.ts';
import type { Database, DatabaseLimits } from '../duckdb/database.ts';
import type { OwnedPipe } from './pipe.ts';
import type { ExtractEvent, ExtractRequest } from './shapes.ts';

export interface Run {
  request: ExtractRequest;
  connector: Connector;
  folder: ExtractFolder;
  /** Absolute path of the run's scratch folder. */
  scratch: string;
  database: Database;
  /** Reads pieces that are streams, with one thread and row groups bounded by bytes; null when `database` reads the pieces. */
  streamDatabase: Database | null;
  databaseLimits: DatabaseLimits;
  reading: ReadSession;
  /** What was live when the run began; nobody else publishes while the run holds the source's lock. */
  published: ExtractCatalogue;
  /** Lets as many pieces be in work at once as there are threads and memory for. */
  copySlot: <T>(work: () => Promise<T>) => Promise<T>;
  /** A fresh pipe. */
  pipe(): Promise<OwnedPipe>;
  signal: AbortSignal;
  emit(event: ExtractEvent): void;
}
