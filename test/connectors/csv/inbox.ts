/** A folder of files and a table over it, settled like a registration and extracted. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SettledTable } from '../../../src/connectors/connector.ts';
import { csv } from '../../../src/connectors/csv/csv.ts';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { extractFolder } from '../../../src/contract/extract-folder.ts';
import { readExtractCatalogue } from '../../../src/contract/read.ts';
import type { ExtractTable } from '../../../src/contract/shapes.ts';
import { Database } from '../../../src/duckdb/database.ts';
import { extractSource } from '../../../src/extract/extract-source.ts';
import { readRejects } from '../../../src/extract/rejects.ts';
import type { ExtractReport, TableResult } from '../../../src/extract/shapes.ts';
import { extractHere } from '../../helpers/extract-here.ts';
import { extractRequest, tableRequest } from '../../helpers/extract-request.ts';

export class Inbox {
  readonly directory: string;
  readonly path: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.path = join(directory, 'inbox');
  }

  static async create(): Promise<Inbox> {
    const inbox = new Inbox(await mkdtemp(join(tmpdir(), 'da-csv-')));
    await mkdir(inbox.path);
    return inbox;
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  /** Writes a file that rests since an hour; `ageMs` says otherwise. */
  async write(name: string, content: string | Buffer, ageMs = 3_600_000): Promise<string> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    const time = new Date(Date.now() - ageMs);
    await utimes(path, time, time);
    return path;
  }

  /** What a registration stores and shows. */
  settle(table: TableRequest): Promise<SettledTable> {
    return csv.settle!(
      {
        source: 'files',
        settings: { path: this.path },
        endpoints: {},
        signal: new AbortController().signal,
        secret: () => {
          throw new Error('no secrets here');
        },
      },
      table,
    );
  }

  /** A table registered now. */
  async register(
    id: string,
    source_table: string,
    options: Record<string, unknown> = {},
    facts: Partial<TableRequest> = {},
  ): Promise<TableRequest> {
    const table = tableRequest(id, { source_table, options, ...facts });
    return { ...table, options: (await this.settle(table)).options };
  }

  async published(table: string): Promise<ExtractTable> {
    const limits = { memoryLimit: '300MB', threads: 1, tempDirectory: join(this.directory, 'spill') };
    const catalogue = await readExtractCatalogue(extractFolder(this.directory, 'files'), limits);
    return catalogue.tables.get(table)!;
  }

  async run(tables: TableRequest[], change: { full?: boolean } = {}): Promise<ExtractReport & { runId: string }> {
    const request = { ...extractRequest(this.directory, this.source(), tables), ...change, runId: randomUUID() };
    return { ...(await extractHere(request)), runId: request.runId };
  }

  /** In a child process, which may die. */
  runApart(tables: TableRequest[]): Promise<ExtractReport> {
    return extractSource(extractRequest(this.directory, this.source(), tables));
  }

  async runOne(table: TableRequest): Promise<
    TableResult & {
      rejects: { line: number | null; reason: string; raw: string; file: string | null; column: string | null }[];
    }
  > {
    const report = await this.run([table]);
    return { ...report.tables[0]!, rejects: await this.rejects(report.runId, table.id) };
  }

  rejects(runId: string, table: string) {
    return readRejects(extractFolder(this.directory, 'files'), runId, table, 1_000);
  }

  source() {
    return { name: 'files', type: 'csv', settings: { path: this.path } };
  }

  async query<T = Record<string, unknown>>(sql: string): Promise<T[]> {
    await using database = await Database.open(
      join(this.directory, 'extracts/files/extract.duckdb'),
      { memoryLimit: '300MB', threads: 2, tempDirectory: join(this.directory, 'spill') },
      { readOnly: true },
    );
    return await (await database.connect()).rows<T>(sql);
  }
}
