/** Opens a portion of a table as a piece: a COPY on the server, a pipe, and DuckDB at its other end. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { OpenPiece, Piece, PieceWay } from '../read-way.ts';
import { checkSameTables } from './check-same-tables.ts';
import { type Copied, copyOut, type RowSink, RowTooLong } from './copy-out.ts';
import { relationOf, usualLineBytes } from './copy-relation.ts';
import { explainError } from './explain-error.ts';
import type { WireColumn } from './plan-columns.ts';
import { copyStatement, type Portion, scanSettings } from './portions.ts';
import type { Loan, Snapshot } from './snapshot.ts';

const progressStepBytes = 4 << 20;

/** A message's header and the room DuckDB wants behind a line. */
const lineSlackBytes = 1 << 10;

export function pieceOf(snapshot: Snapshot, columns: readonly WireColumn[], portion: Portion): Piece {
  return {
    id: portion.id,
    open: (way) => {
      way.signal.throwIfAborted();
      return openPiece(snapshot, columns, portion, way, false);
    },
  };
}

/** The connection is made before DuckDB begins to read: signing in needs a thread of the pool, and every waiting DuckDB query holds one. */
async function openPiece(
  snapshot: Snapshot,
  columns: readonly WireColumn[],
  portion: Portion,
  way: PieceWay,
  inStretches: boolean,
): Promise<OpenPiece> {
  const loan = await snapshot.lend();
  try {
    const pipe = await way.pipe();
    const progress = inSteps(way.progress);
    const sink: RowSink = (bytes) => {
      progress(bytes.length);
      return pipe.write(bytes);
    };
    return {
      relation: relationOf(pipe.path, columns, { inStretches }),
      feed: async () => {
        const { rows } = await copyPortion(loan, columns, portion, sink, usualLineBytes - lineSlackBytes);
        await pipe.end();
        return { rows };
      },
      recover: async (failure) => {
        if (failure instanceof RowTooLong) return openLongRows(snapshot, columns, portion, way);
        const tooMuch = failure instanceof Error && /Out of Memory/i.test(failure.message);
        return tooMuch && !inStretches ? openPiece(snapshot, columns, portion, way, true) : null;
      },
      close: async () => loan.giveBack(false),
    };
  } catch (thrown) {
    loan.giveBack(false);
    throw thrown;
  }
}

/** Rows of many megabytes: how large DuckDB's buffer must be is known when all have been seen, so they go through a file. */
async function openLongRows(
  snapshot: Snapshot,
  columns: readonly WireColumn[],
  portion: Portion,
  way: PieceWay,
): Promise<OpenPiece> {
  const loan = await snapshot.lend();
  const path = join(way.scratch, 'long-rows');
  const file = createWriteStream(path, { mode: 0o600 });
  const written = finished(file);
  // A failure shows at the write it hits, too.
  written.catch(() => {});
  const sink: RowSink = (bytes) =>
    new Promise((resolve, reject) => file.write(bytes, (error) => (error ? reject(error) : resolve())));
  try {
    const { rows, longestRow } = await copyPortion(loan, columns, portion, sink, Number.POSITIVE_INFINITY);
    file.end();
    await written;
    return {
      relation: relationOf(path, columns, { lineBytes: longestRow + lineSlackBytes }),
      feed: async () => ({ rows }),
    };
  } finally {
    file.destroy();
  }
}

/** Gives the loan back, intact only when all went well. */
async function copyPortion(
  loan: Loan,
  columns: readonly WireColumn[],
  portion: Portion,
  sink: RowSink,
  longestRow: number,
): Promise<Copied> {
  const { client, rows } = loan.connection;
  try {
    await client.query(scanSettings(portion).join('; '));
    const copied = await copyOut(client, copyStatement(columns, portion), sink, longestRow);
    await checkSameTables(rows);
    loan.giveBack(true);
    return copied;
  } catch (thrown) {
    loan.giveBack(false);
    if (thrown instanceof RowTooLong) throw thrown;
    throw explainError(thrown, `reading ${portion.schema}.${portion.name}`);
  }
}

/** Chunks are small and many; whoever listens sits in another process. */
function inSteps(report: (bytes: number) => void): (bytes: number) => void {
  let unreported = 0;
  return (bytes) => {
    unreported += bytes;
    if (unreported < progressStepBytes) return;
    report(unreported);
    unreported = 0;
  };
}
