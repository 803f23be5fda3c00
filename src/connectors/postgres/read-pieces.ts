/** Cuts a table into pieces with borders that stay, and says how DuckDB reads what COPY sends for one. */
import { identifier, literal, qualified, structLiteral } from '../../duckdb/quote.ts';
import type { OpenPiece, Piece, PieceWay } from '../connector.ts';
import { checkSameTables } from './check-same-tables.ts';
import { headerColumn } from './copy-frames.ts';
import { copyOut } from './copy-out.ts';
import { explainError } from './explain-error.ts';
import type { WireColumn } from './plan-columns.ts';
import type { Snapshot } from './snapshot.ts';

/** Pages of 8 KiB in one range: never changed, because a border that moves changes every part behind it. */
export const pagesOfRange = 8_192;

const progressStepBytes = 4 << 20;

/** What one COPY selects from. */
export interface Portion {
  /** A name that stays. */
  id: string;
  schema: string;
  name: string;
  /** Children of the table are portions of their own. */
  only: boolean;
  conditions: string[];
  /** Postgres SQL; null for the order in which rows lie. */
  orderBy: string | null;
}

/** The page ranges of a stored table. The last one has no upper border: pages that came after the count hold nothing the snapshot sees, or belong to it. */
export function pageRanges(table: { schema: string; name: string; pages: number }, id: string): Portion[] {
  const count = Math.max(1, Math.ceil(table.pages / pagesOfRange));
  return Array.from({ length: count }, (_, index) => ({
    id: `${id}${index}`,
    schema: table.schema,
    name: table.name,
    only: true,
    conditions:
      count === 1
        ? []
        : [
            `ctid >= '(${index * pagesOfRange},0)'::tid`,
            ...(index === count - 1 ? [] : [`ctid < '(${(index + 1) * pagesOfRange},0)'::tid`]),
          ],
    orderBy: null,
  }));
}

export function copyStatement(
  columns: readonly WireColumn[],
  { schema, name, only, conditions, orderBy }: Portion,
): string {
  const select = columns.map((column) => column.select).join(', ');
  const where =
    conditions.length === 0 ? '' : ` WHERE ${conditions.map((condition) => `(${condition})`).join(' AND ')}`;
  const order = orderBy === null ? '' : ` ORDER BY ${orderBy}`;
  return `COPY (SELECT ${select} FROM ${only ? 'ONLY ' : ''}${qualified(schema, name)}${where}${order}) TO STDOUT (FORMAT text, ENCODING 'UTF8')`;
}

export function pieceOf(snapshot: Snapshot, columns: readonly WireColumn[], portion: Portion): Piece {
  return { id: portion.id, open: (way) => openPiece(snapshot, columns, portion, way) };
}

/** The connection is made before DuckDB begins to read: signing in needs a thread of the pool, and every waiting DuckDB query holds one. */
async function openPiece(
  snapshot: Snapshot,
  columns: readonly WireColumn[],
  portion: Portion,
  way: PieceWay,
): Promise<OpenPiece> {
  const doing = `reading ${portion.schema}.${portion.name}`;
  const loan = await snapshot.lend();
  const { client, rows } = loan.connection;
  try {
    way.signal.throwIfAborted();
    const pipe = await way.pipe();
    // An index would bring the rows in an order that changes with the planner's mind.
    const index = portion.orderBy === null ? 'off' : 'on';
    const progress = inSteps(way.progress);
    const feed = async () => {
      try {
        await client.query(`SET LOCAL enable_indexscan = ${index}; SET LOCAL enable_indexonlyscan = ${index}`);
        const copied = await copyOut(client, copyStatement(columns, portion), (bytes) => {
          progress(bytes.length);
          return pipe.write(bytes);
        });
        await checkSameTables(rows);
        loan.giveBack(true);
        await pipe.end();
        return { rows: copied.rows };
      } catch (thrown) {
        loan.giveBack(false);
        throw explainError(thrown, doing);
      }
    };
    return { relation: relationOf(pipe.path, columns), feed, close: async () => loan.giveBack(false) };
  } catch (thrown) {
    loan.giveBack(false);
    throw explainError(thrown, doing);
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

/** COPY's text format: tabs between columns, `\N` for NULL, and a backslash before what would be mistaken. No quotes, so nothing has to be guessed. */
export function relationOf(path: string, columns: readonly WireColumn[], lineBytes?: number): string {
  const raw = [headerColumn, ...columns.map((column) => column.wire)];
  const size = lineBytes === undefined ? '' : `, max_line_size=${lineBytes}, buffer_size=${lineBytes * 2}`;
  const file = `read_csv(${literal(path)}, auto_detect=false, header=false, delim='\t', quote='', escape='', new_line='\\n', nullstr='\\N', compression='none', columns=${structLiteral(raw.map((name) => [name, "'VARCHAR'"]))}${size})`;
  if (!columns.some((column) => column.escaped)) return file;
  const clean = columns.map(({ wire, escaped }) =>
    escaped ? `${unescaped(identifier(wire))} AS ${identifier(wire)}` : identifier(wire),
  );
  return `(SELECT ${clean.join(', ')} FROM ${file})`;
}

/** Between two escaped backslashes every other backslash begins an escape, so the text is cut there first. */
function unescaped(column: string): string {
  const escapes = [
    ['\\n', 10],
    ['\\t', 9],
    ['\\r', 13],
    ['\\b', 8],
    ['\\f', 12],
    ['\\v', 11],
  ] as const;
  const stretch = escapes.reduce((sql, [written, code]) => `replace(${sql}, ${literal(written)}, chr(${code}))`, 'x');
  return `CASE WHEN contains(${column}, '\\') THEN array_to_string(list_transform(string_split(${column}, '\\\\'), lambda x: ${stretch}), '\\') ELSE ${column} END`;
}
