/** Loads one piece: the source's bytes run through DuckDB into a Parquet file in scratch, which is counted, cut and sealed into parts. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ColumnPlan, OpenPiece, Piece, Reject } from '../connectors/read-way.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import type { Part } from '../contract/shapes.ts';
import { identifier, literal } from '../duckdb/quote.ts';
import type { Session, WriteStatistics } from '../duckdb/session.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { cutParquet } from '../publish/cut-parquet.ts';
import { sealPart } from '../publish/seal-part.ts';
import { LossyColumns, lossCounts, lossyColumn, projection } from './columns.ts';
import { copyStatement } from './copy-statement.ts';
import { mostRowGroupBytes, partRowsFor } from './layout.ts';
import { BrokenPipe, type OwnedPipe } from './pipe.ts';
import type { Run } from './run.ts';

export interface LoadedPiece {
  parts: Part[];
  rejects: Reject[];
  /** Rows of a part when the piece was cut, else null. */
  partRows: number | null;
}

/** What a piece is written with. */
export interface PieceTarget {
  columns: readonly ColumnPlan[];
  rowGroupRows: number;
  /** `ORDER BY` list, or empty for the order in which the rows arrive. */
  orderBy: string;
}

/** Loads `piece` and seals its parts; an empty piece has none. A piece that was cut before is cut at the same borders. */
export async function loadPiece(
  run: Run,
  table: TableRequest,
  piece: Piece,
  target: PieceTarget,
  partRowsBefore: number | null,
): Promise<LoadedPiece> {
  const directory = join(run.scratch, randomUUID());
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'piece.parquet');
  try {
    const { written, rejects } = await scanPiece(run, table, piece, target, file);
    const sealed = await sealFile(run, table, file, written, target.rowGroupRows, partRowsBefore);
    return { ...sealed, rejects };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Brings the piece into one Parquet file at `file`, verified against what the source says it sent. Intermediate files stand beside it. */
export async function scanPiece(
  run: Run,
  table: TableRequest,
  piece: Piece,
  { columns, rowGroupRows, orderBy }: PieceTarget,
  file: string,
): Promise<Scanned> {
  const statement = (relation: string) =>
    copyStatement(`SELECT ${projection(columns)} FROM ${relation}`, {
      orderBy,
      file,
      mark: piece.id,
      rowGroupRows,
      ...(run.streamDatabase === null ? {} : { rowGroupBytes: mostRowGroupBytes }),
    });
  return withOpenPiece(run, table, piece, dirname(file), (opened) => scan(run, opened, statement, columns));
}

/** A part with the table's full schema and no rows: what an empty table is made of. */
export async function loadEmptyPart(run: Run, table: TableRequest, columns: readonly ColumnPlan[]): Promise<Part> {
  const file = join(run.scratch, `${randomUUID()}.parquet`);
  const select = columns.map((column) => `CAST(NULL AS ${column.type}) AS ${identifier(column.name)}`).join(', ');
  const session = await run.database.connect();
  try {
    await session.run(
      `COPY (SELECT ${select} LIMIT 0) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
    );
  } finally {
    session.close();
  }
  return sealPart(run.folder, table.id, file, 0);
}

/** A piece while it is read: `halt` stops the scan and what brings its bytes. */
interface OpenedPiece {
  session: Session;
  open: OpenPiece;
  halt(): void;
}

async function withOpenPiece<T>(
  run: Run,
  table: TableRequest,
  piece: Piece,
  directory: string,
  work: (opened: OpenedPiece) => Promise<T>,
): Promise<T> {
  const session = await (run.streamDatabase ?? run.database).connect();
  const pipes: OwnedPipe[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  let open: OpenPiece | null = null;
  // Not by `signal`, which fires once: a piece that is read a second time must be stopped like the first.
  const interrupt = () => {
    session.interrupt();
    for (const pipe of pipes) pipe.destroy();
  };
  run.signal.addEventListener('abort', interrupt);
  try {
    open = await piece.open({
      session,
      scratch: directory,
      signal,
      pipe: async () => {
        const pipe = await run.pipe();
        pipes.push(pipe);
        return pipe;
      },
      progress: (bytes) => run.emit({ kind: 'table_progress', table: table.id, bytes, rows: 0 }),
    });
    const halt = () => {
      stop.abort();
      interrupt();
    };
    const opened = { session, open, halt };
    return await run.copySlot(() => work(opened));
  } finally {
    run.signal.removeEventListener('abort', interrupt);
    await open?.close?.();
    session.close();
    for (const pipe of pipes) pipe.destroy();
  }
}

export interface Scanned {
  written: WriteStatistics;
  rejects: Reject[];
}

/** Scans the piece; where that fails or leaves doubts, the connector may offer a more careful way to read the same rows. */
async function scan(
  run: Run,
  opened: OpenedPiece,
  statement: (relation: string) => string,
  columns: readonly ColumnPlan[],
): Promise<Scanned> {
  const outcome = await attemptScan(opened, statement(opened.open.relation));
  const careful = run.signal.aborted
    ? null
    : await opened.open.recover?.('failure' in outcome ? outcome.failure : null);
  if (careful) return scan(run, { ...opened, open: careful }, statement, columns);
  if ('failure' in outcome) throw await explain(run, opened, columns, outcome.failure);
  const rejects = (await opened.open.rejects?.()) ?? [];
  checkSentRows(outcome.sent, outcome.written.rows, rejects.length);
  return { written: outcome.written, rejects };
}

/** Runs the statement while the bytes are brought; the first of the two to fail stops the other and is the outcome. A pipe that broke only tells that its reader failed. */
async function attemptScan(
  { session, open, halt }: OpenedPiece,
  statement: string,
): Promise<{ written: WriteStatistics; sent: number | null } | { failure: unknown }> {
  const failures: unknown[] = [];
  const watched = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (thrown) {
      failures.push(thrown);
      halt();
      return undefined;
    }
  };
  const [written, fed] = await Promise.all([
    watched(session.copyToParquet(statement)),
    watched(open.feed?.() ?? Promise.resolve({ rows: null })),
  ]);
  if (written === undefined || fed === undefined)
    return { failure: failures.find((failure) => !(failure instanceof BrokenPipe)) ?? failures[0] };
  if (open.rows !== undefined && open.rows !== written.rows)
    return { failure: rowsMissing(open.rows, written.rows, 0) };
  return { written, sent: fed.rows };
}

function checkSentRows(sent: number | null, written: number, rejected: number): void {
  if (sent !== null && sent !== written + rejected) throw rowsMissing(sent, written, rejected);
}

function rowsMissing(announced: number, written: number, rejected: number): AttacheError {
  return new AttacheError('rows_missing', {
    message: `The source has ${announced} rows and sent ${written}${rejected > 0 ? `, and ${rejected} that were rejected` : ''}.`,
    hint: 'The table keeps its data. Sync it again.',
    retryable: true,
  });
}

async function explain(
  run: Run,
  { session, open }: OpenedPiece,
  columns: readonly ColumnPlan[],
  failure: unknown,
): Promise<unknown> {
  const index = lossyColumn(failure);
  if (index === null || failure instanceof AttacheError) return asSourceError(run, failure);
  // A stream is used up by now, so there only the fact is known; what can be read again is counted.
  const counts = open.feed === undefined ? lossCounts(columns) : null;
  if (counts === null) return new LossyColumns(new Map([[index, 1]]));
  const row = await session.first<Record<string, string>>(`SELECT ${counts} FROM ${open.relation}`);
  const found = Object.entries(row ?? {}).map(([name, count]) => [Number(name.slice(1)), Number(count)] as const);
  return new LossyColumns(new Map(found.filter(([, count]) => count > 0)));
}

/** Cuts what is too large for one part and seals the parts. */
export async function sealFile(
  run: Run,
  table: TableRequest,
  file: string,
  written: Pick<WriteStatistics, 'rows' | 'sizeBytes'>,
  rowGroupRows: number,
  partRowsBefore: number | null,
): Promise<{ parts: Part[]; partRows: number | null }> {
  if (written.rows === 0) return { parts: [], partRows: partRowsBefore };
  const partRows = partRowsBefore ?? partRowsFor(written.rows, written.sizeBytes, rowGroupRows);
  if (partRows === null || written.rows <= partRows)
    return { parts: [await sealPart(run.folder, table.id, file, written.rows)], partRows };
  const sealing: Promise<Part>[] = [];
  for await (const cut of cutParquet(file, partRows)) {
    const sealed = sealPart(run.folder, table.id, cut.path, cut.rows, cut.sha256);
    // A failure is thrown below; noted here so that a cut that fails first leaves none unheard.
    sealed.catch(() => {});
    sealing.push(sealed);
  }
  const parts = await Promise.all(sealing);
  return { parts, partRows };
}

function asSourceError(run: Run, thrown: unknown): unknown {
  if (run.signal.aborted || thrown instanceof AttacheError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/Out of Memory/i.test(message)) {
    return new AttacheError('memory_exceeded', {
      message: `DuckDB ran out of its memory limit: ${message.split('\n')[0]}`,
      hint: 'Raise duckdb.memory_limit.',
      cause: thrown,
    });
  }
  if (/No space left|disk is full|max_temp_directory_size/i.test(message)) {
    return new AttacheError('disk_full', {
      message: `The disk is full: ${message}`,
      hint: 'Free some space and sync again; the table keeps its data.',
      retryable: true,
      cause: thrown,
    });
  }
  return new AttacheError('source_data', {
    message: `The data could not be loaded: ${withoutRows(message)}`,
    hint: 'The table keeps its data.',
    cause: thrown,
  });
}

/** DuckDB quotes the row it stumbled over; people's data does not belong in an error that is stored and logged. */
function withoutRows(message: string): string {
  return message.replace(/Original Line:.*?(?=\n[A-Z][a-z]+|$)/s, '').trim();
}
