/** Appends rows without a key: what was read before stays, new rows gather in a hot part until that is large enough to stay for good. */
import { identifier, literal } from '../../duckdb/quote.ts';
import { partBytes } from '../layout.ts';
import { loadEmptyPart } from '../load-piece.ts';
import { type Staged, unionOf } from '../stage.ts';
import type { TableState } from '../table-state.ts';
import { laidOut, publishedPieces, renewed } from './published-piece.ts';
import { sealQuery } from './seal-query.ts';
import type { LaidOut, TableWork } from './table-work.ts';

/** A full read, in one piece and a reproducible order. */
export async function appendAll(work: TableWork, staged: Staged): Promise<LaidOut> {
  const { run, table, columns } = work;
  if (staged.rows === 0) return { parts: [await loadEmptyPart(run, table, columns)], pieces: [], rows: 0 };
  const session = await run.database.connect();
  try {
    const parts = await sealQuery(
      work,
      session,
      `SELECT * FROM ${unionOf(staged.files, columns)}`,
      orderBy(work),
      'cold:1',
    );
    return laidOut([
      renewed(work, { id: 'cold:1', fingerprint: null, parts: [], rejected: 0, part_rows: null, low: null }, parts),
    ]);
  } finally {
    session.close();
  }
}

/** Adds the delta's rows that the table does not have yet. Rows at the boundary that were read before are not added again, as often as they are there. */
export async function appendDelta(work: TableWork, state: TableState, delta: Staged): Promise<LaidOut> {
  const { run, columns } = work;
  const session = await run.database.connect();
  try {
    const pieces = publishedPieces(work, state);
    if (delta.files.length === 0) return laidOut(pieces);
    const list = columns.map((column) => identifier(column.name)).join(', ');
    const rows = unionOf(delta.files, columns);
    const window = await boundary(work, session, rows);
    const published = `(SELECT ${list} FROM ${unionOf(
      pieces.flatMap((piece) => piece.files),
      columns,
    )}${window})`;
    const fresh = `SELECT ${list} FROM ${rows} EXCEPT ALL SELECT ${list} FROM ${published}`;
    const hot = pieces.find((piece) => piece.state.id === 'hot');
    const cold = pieces.filter((piece) => piece !== hot);
    const count = await session.first<{ n: string }>(`SELECT count(*) AS n FROM (${fresh})`);
    if (Number(count?.n) === 0) return laidOut(pieces);
    const hotBytes = hot?.parts.reduce((sum, part) => sum + part.size_bytes, 0) ?? 0;
    const full = hot !== undefined && hotBytes >= partBytes.target / 2;
    const settled = full ? [...cold, { ...hot, state: { ...hot.state, id: `cold:${cold.length + 1}` } }] : cold;
    const before = full || hot === undefined ? '' : `SELECT ${list} FROM ${unionOf(hot.files, columns)} UNION ALL `;
    const parts = await sealQuery(work, session, `${before}(${fresh})`, orderBy(work), `hot:${settled.length}`);
    return laidOut([
      ...settled,
      renewed(work, { id: 'hot', fingerprint: null, parts: [], rejected: 0, part_rows: null, low: null }, parts),
    ]);
  } finally {
    session.close();
  }
}

/** Only published rows from the delta's lowest cursor on can be the same as its rows. */
async function boundary(
  { table }: TableWork,
  session: { first<T>(sql: string): Promise<T | undefined> },
  rows: string,
): Promise<string> {
  const { cursor } = table.options;
  if (cursor === undefined) return '';
  const lowest = await session.first<{ low: string | null }>(
    `SELECT CAST(min(${identifier(cursor)}) AS VARCHAR) AS low FROM ${rows}`,
  );
  return lowest?.low ? ` WHERE ${identifier(cursor)} >= ${literal(lowest.low)}` : '';
}

/** By the cursor, then everything else: rows without a key have no other reproducible order. */
function orderBy({ table, columns }: TableWork): string {
  const names = columns.map((column) => column.name);
  const first = [table.options.cursor, ...table.primary_key].filter(
    (name) => name !== undefined && names.includes(name),
  ) as string[];
  return [...new Set([...first, ...names])].map(identifier).join(', ');
}
