/** Reads one table through the Storage API: export, slices on disk, one relation; what fails in passing is read again more carefully. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AttacheError } from '../../errors/attache-error.ts';
import type { OpenPiece, PieceWay } from '../read-way.ts';
import type { TableRequest } from '../table-request.ts';
import { describeTable, type SourceTable, tellsOfItself } from './describe-table.ts';
import { type ExportedFile, ExportFailed, exportFile } from './export-file.ts';
import { optionsOf } from './options.ts';
import type { Remembered } from './project.ts';
import type { Reading } from './reading.ts';
import { bringSlices, type Slice } from './slices/bring-slices.ts';
import { csvRelation, isHeader, lineLimits, parquetRelation } from './slices/slice-relation.ts';
import type { WhereFilter } from './where-filters.ts';

export interface Wanted {
  columns: string[];
  filters: WhereFilter[];
  /** Unix seconds: only rows imported since then. */
  since: number | null;
  /** Whether Parquet brings the values exactly. */
  parquet: boolean;
  /** The texts of instants shall be in UTC. */
  inUtc: boolean;
  remember: Remembered;
}

interface Brought {
  folder: string;
  slices: Slice[];
  parquet: boolean;
  header: boolean;
  /** Rows the table had when it was exported; null when that is not known. */
  rows: number | null;
}

interface Exported {
  file: ExportedFile;
  parquet: boolean;
}

/** How often a table that changes while it is exported is exported again. */
const rounds = 3;

export class HttpRead {
  readonly #reading: Reading;
  readonly #table: TableRequest;
  readonly #wanted: Wanted;
  #source: SourceTable;
  #brought: Brought | null = null;
  #recounted = false;

  constructor(reading: Reading, table: TableRequest, source: SourceTable, wanted: Wanted) {
    this.#reading = reading;
    this.#table = table;
    this.#source = source;
    this.#wanted = wanted;
  }

  async open(way: PieceWay): Promise<OpenPiece> {
    this.#brought ??= await this.#bring(way);
    return this.#relation(way, this.#brought, 0, true);
  }

  async #relation(way: PieceWay, brought: Brought, lines: number, counted: boolean): Promise<OpenPiece> {
    const { slices, parquet, header, rows } = brought;
    const { columns } = this.#wanted;
    return {
      relation: parquet
        ? await parquetRelation(way.session, slices, columns, this.#source.backend)
        : csvRelation(slices, columns, { header, lines: lineLimits[lines] ?? null }),
      ...(rows === null || !counted ? {} : { rows }),
      recover: (failure) => this.#recover(way, brought, lines, failure),
    };
  }

  /** Files stay for another read with wider columns and go once a scan has passed. */
  async #recover(way: PieceWay, brought: Brought, lines: number, failure: unknown): Promise<OpenPiece | null> {
    if (failure === null) {
      await this.#drop(brought);
      return null;
    }
    if (isLineTooLong(failure) && lines + 1 < lineLimits.length) return this.#relation(way, brought, lines + 1, true);
    if (!(failure instanceof AttacheError) || failure.code !== 'rows_missing') return null;
    if (!this.#recounted) {
      this.#recounted = true;
      this.#reading.context.note(`${this.#table.id} is exported again: ${failure.message}`);
      await this.#drop(brought);
      this.#brought = await this.#bring(way);
      return this.#relation(way, this.#brought, lines, true);
    }
    if (optionsOf(this.#table).strict_counts !== false) return null;
    this.#reading.context.note(`${this.#table.id}: ${failure.message} Published all the same (strict_counts: false).`);
    return this.#relation(way, brought, lines, false);
  }

  async #drop(brought: Brought): Promise<void> {
    this.#brought = null;
    await rm(brought.folder, { recursive: true, force: true });
  }

  async #bring(way: PieceWay): Promise<Brought> {
    const { context, connection } = this.#reading;
    const { file, parquet, rows } = await this.#exportCounted();
    const folder = await mkdtemp(join(context.scratch, 'slices-'));
    const slices = await bringSlices(connection, file, {
      folder,
      parquet,
      progress: way.progress,
    });
    const header = !parquet && slices.length > 0 && slices.every(({ head }) => isHeader(head, this.#wanted.columns));
    if (header)
      context.note(`${this.#table.id}: the slices begin with the names of the columns; that record is left out`);
    return { folder, slices, parquet, header, rows };
  }

  /** An export whose rows can be counted: the table did not change while it was made. */
  async #exportCounted(): Promise<Exported & { rows: number | null }> {
    for (let round = 1; ; round += 1) {
      const exported = await this.#export();
      if (!this.#isCountable()) return { ...exported, rows: null };
      const before = this.#source;
      const after = await describeTable(this.#reading.connection.client, this.#table);
      this.#source = { ...after, backend: before.backend };
      if (after.lastChangeDate === before.lastChangeDate && after.lastImportDate === before.lastImportDate)
        return { ...exported, rows: after.rows };
      if (round < rounds) continue;
      this.#reading.context.note(`${this.#table.id} changes while it is exported: its rows could not be counted`);
      return { ...exported, rows: null };
    }
  }

  #isCountable(): boolean {
    return this.#wanted.filters.length === 0 && this.#wanted.since === null && tellsOfItself(this.#source);
  }

  async #export(): Promise<Exported> {
    const { connection, exports, context } = this.#reading;
    const start = (parquet: boolean) =>
      exportFile(connection, exports, this.#source.id, this.#body(parquet)).then((file) => ({ file, parquet }));
    if (!this.#wanted.parquet || this.#reading.csvOnly) return start(false);
    try {
      return await start(true);
    } catch (thrown) {
      if (!refusesParquet(thrown)) throw thrown;
      const exported = await start(false);
      this.#reading.csvOnly = true;
      this.#wanted.remember.csvOnly = true;
      context.note(`${this.#table.id} is exported as CSV, because Parquet was refused: ${thrown.message}`);
      return exported;
    }
  }

  /** Always the same for the same table and conditions, so that the service can answer from its cache. */
  #body(parquet: boolean): Record<string, unknown> {
    const { columns, filters, since, inUtc } = this.#wanted;
    return {
      columns: columns.join(','),
      gzip: true,
      fileType: parquet ? 'parquet' : 'csv',
      ...(filters.length === 0 ? {} : { whereFilters: filters }),
      ...(since === null ? {} : { changedSince: since }),
      ...(inUtc && !parquet ? { timezone: 'UTC' } : {}),
    };
  }
}

function isLineTooLong(failure: unknown): boolean {
  return failure instanceof Error && /maximum line size|max_line_size|Line too long/i.test(failure.message);
}

/** The request or the job was refused; a CSV export shows whether the form was the reason. */
function refusesParquet(thrown: unknown): thrown is AttacheError {
  return (
    thrown instanceof ExportFailed ||
    (thrown instanceof AttacheError && thrown.code === 'source_failed' && /answered (400|422|501)/.test(thrown.message))
  );
}
