/** Chooses how each column of a relation goes into Parquet without losing anything. */
import { identifier } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';

export interface KeptColumn {
  name: string;
  /** SQL over the relation's columns. */
  expression: string;
}

/** Types that Parquet changes silently: HUGEINT becomes a double, TIMETZ loses its offset, INTERVAL its microseconds, the rest its name. */
const lost = /\b(U?HUGEINT|TIME WITH TIME ZONE|TIMETZ|INTERVAL|BIT|BIGNUM|TIME_NS|UNION)\b|^ENUM\b|^"NULL"$|^NULL$/;
const wide = /^U?HUGEINT$/;

/** The columns of `relation`, each as an expression whose type Parquet keeps. Reads the rows only where a wide integer must prove that it fits. */
export async function keepInParquet(session: Session, relation: string): Promise<KeptColumn[]> {
  const columns = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${relation}`);
  const fits = await fittingWide(
    session,
    relation,
    columns.filter(({ column_type }) => wide.test(column_type)).map(({ column_name }) => column_name),
  );
  return columns.map(({ column_name: name, column_type: type }) => {
    const column = identifier(name);
    if (wide.test(type))
      return { name, expression: `CAST(${column} AS ${fits.has(name) ? 'DECIMAL(38, 0)' : 'VARCHAR'})` };
    if (!lost.test(withoutQuoted(type))) return { name, expression: column };
    return { name, expression: `CAST(${column} AS ${keptType(type)})` };
  });
}

/** A type with every lossy type inside it replaced by text. Pure. */
export function keptType(type: string): string {
  if (/^(ENUM|UNION)\b/.test(type) || type === '"NULL"' || type === 'NULL') return 'VARCHAR';
  if (/\bUNION\b/.test(withoutQuoted(type))) return 'JSON';
  // Quoted pieces are names of fields and stay as they are.
  return type
    .split(/("(?:[^"]|"")*")/)
    .map((piece, index) =>
      index % 2 === 1
        ? piece
        : piece.replace(/\b(U?HUGEINT|TIME WITH TIME ZONE|TIMETZ|INTERVAL|BIT|BIGNUM|TIME_NS)\b/g, 'VARCHAR'),
    )
    .join('');
}

/** The wide integer columns whose every value fits 38 digits. */
async function fittingWide(session: Session, relation: string, names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const counts = names.map((name, index) => {
    const column = identifier(name);
    return `count(*) FILTER (${column} IS NOT NULL AND TRY_CAST(${column} AS DECIMAL(38, 0)) IS NULL) AS ${identifier(`c${index}`)}`;
  });
  const row = await session.first<Record<string, string>>(`SELECT ${counts.join(', ')} FROM ${relation}`);
  return new Set(names.filter((_, index) => Number(row?.[`c${index}`]) === 0));
}

/** Names inside quotes and the values of an ENUM may spell the name of a type. */
function withoutQuoted(type: string): string {
  return type.startsWith('ENUM')
    ? 'ENUM'
    : type.replace(/"(?:[^"]|"")*"/g, (piece) => (piece === '"NULL"' ? piece : '""'));
}
