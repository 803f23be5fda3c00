/** Extracts tables of a pretended Keboola project and reads what was published. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TableRequest } from '../../src/connectors/table-request.ts';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { readExtractCatalogue } from '../../src/contract/read.ts';
import type { ExtractCatalogue } from '../../src/contract/shapes.ts';
import { Database } from '../../src/duckdb/database.ts';
import type { Row } from '../../src/duckdb/session.ts';
import type { ConnectorAnswer, ConnectorQuestion, ExtractReport, ExtractRequest } from '../../src/extract/shapes.ts';
import { type KeboolaStorage, type StartOptions, startKeboolaStorage } from '../doubles/keboola-storage/index.ts';
import { askHere, extractHere } from './extract-here.ts';
import { extractRequest, tableRequest } from './extract-request.ts';

/** Short pauses: what passes after a pause passes after a short one too. */
export const hasty = { first_pause_ms: 1, idle_timeout_seconds: 2, longest_pause_seconds: 5 };

export interface KeboolaSource {
  double: KeboolaStorage;
  directory: string;
  /** The token of the next runs. */
  token: string;
  settings: Record<string, unknown>;
  extract(
    tables: (string | TableRequest)[],
    facts?: Partial<ExtractRequest>,
    options?: Parameters<typeof extractHere>[1],
  ): Promise<ExtractReport>;
  ask<Q extends ConnectorQuestion>(question: Q): Promise<ConnectorAnswer<Q>>;
  /** Queries the published extract. */
  query<T = Row>(sql: string): Promise<T[]>;
  catalogue(): Promise<ExtractCatalogue>;
  /** Throws when the client broke the protocol. */
  stop(): Promise<void>;
}

/** A registered table of the bucket `in.c-main`. */
export function keboolaTable(name: string, facts: Partial<TableRequest> = {}): TableRequest {
  return tableRequest(name, { bucket: 'in.c-main', ...facts });
}

export async function keboolaSource(
  options: StartOptions = {},
  settings: Record<string, unknown> = {},
): Promise<KeboolaSource> {
  const double = await startKeboolaStorage(options);
  const directory = await mkdtemp(join(tmpdir(), 'da-keboola-source-'));
  const limits = { memoryLimit: '300MB', threads: 1, tempDirectory: join(directory, 'spill') };
  // Children inherit where the clouds are, as they do from an operator's environment.
  Object.assign(process.env, double.environment);
  const request = (tables: (string | TableRequest)[], facts: Partial<ExtractRequest>) =>
    extractRequest(
      directory,
      { name: 'keboola', type: 'keboola', settings: source.settings },
      tables.map((table) => (typeof table === 'string' ? keboolaTable(table) : table)),
      { secrets: { KEBOOLA_STORAGE_TOKEN: source.token }, runId: randomUUID(), ...facts },
    );
  const source: KeboolaSource = {
    double,
    directory,
    token: double.tokens.master,
    settings: { url: double.url, token_env: 'KEBOOLA_STORAGE_TOKEN', limits: hasty, ...settings },
    extract: (tables, facts = {}, given = {}) => extractHere(request(tables, facts), given),
    ask: (question) => askHere(request([], {}), question),
    async query<T>(sql: string) {
      await using database = await Database.open(join(directory, 'extracts/keboola/extract.duckdb'), limits, {
        readOnly: true,
      });
      using session = await database.connect();
      return await session.rows<T>(sql);
    },
    catalogue: () => readExtractCatalogue(extractFolder(directory, 'keboola'), limits),
    stop: async () => {
      await rm(directory, { recursive: true, force: true });
      await double.stop();
    },
  };
  return source;
}
