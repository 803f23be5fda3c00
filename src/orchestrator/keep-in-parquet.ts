/** Chooses how each column of a relation goes into Parquet without losing anything. */
import { identifier } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';

export interface KeptColumn {
  name: string;
  /** SQL over the relation's columns. */
  expression: string;
}

/** What Parquet changes silently: wide integers become doubles, TIMETZ loses its offset, INTERVAL its microseconds. The name of a field is followed by its type, a type never is. */
const lossy = /\b(?:U?HUGEINT|TIME WITH TIME ZONE|INTERVAL|BIT|BIGNUM|TIME_NS)\b(?=\s*(?:$|[,)[]))/g;
const wide = /^U?HUGEINT$/;
const untyped = /^"?NULL"?$/;

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
    if (fits.has(name)) return { name, expression: `CAST(${column} AS DECIMAL(38, 0))` };
    if (/\bUNION\(/.test(type)) return { name, expression: `to_json(${column})` };
    const kept = keptType(type);
    return { name, expression: kept === type ? column : `CAST(${column} AS ${kept})` };
  });
}

/** The type with every lossy type inside it replaced by text. Pure. */
export function keptType(type: string): string {
  if (type.startsWith('ENUM(') || untyped.test(type)) return 'VARCHAR';
  // Every other piece is a quoted name or a value of an ENUM, which may spell the name of a type.
  const pieces = type.split(/("(?:[^"]|"")*"|'(?:[^']|'')*')/);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : piece.replace(lossy, 'VARCHAR'))).join('');
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
