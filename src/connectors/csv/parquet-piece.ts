/** A Parquet file as a piece: its own types, cast only where nothing can be lost. */
import { fileLiteral, identifier } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import type { OpenPiece, PieceWay } from '../read-way.ts';
import { reconcile } from './column-names.ts';
import { badFile } from './file-fault.ts';
import { ensureUnchanged, type FoundFile } from './list-files.ts';
import type { TableColumn } from './separated-piece.ts';
import { wireName } from './separated-relation.ts';

/** The columns of the file, read from its footer. */
export async function describeParquet(session: Session, file: FoundFile): Promise<TableColumn[]> {
  try {
    const rows = await session.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM read_parquet(${fileLiteral(file.path)})`,
    );
    return rows.map(({ column_name: name, column_type: type }) => ({ name, type }));
  } catch (thrown) {
    throw badFile(file.name, `it is not a whole Parquet file (${firstLine(thrown)})`);
  }
}

export async function openParquet(
  file: FoundFile,
  columns: readonly TableColumn[],
  { session }: PieceWay,
): Promise<OpenPiece> {
  const own = await describeParquet(session, file);
  const { positions } = reconcile(
    columns.map((column) => column.name),
    own.map((column) => column.name),
  );
  const selected: string[] = [];
  for (const [index, column] of columns.entries()) {
    const found = own[positions[index] ?? -1];
    if (found !== undefined && !(await castsWithoutLoss(session, found.type, column.type))) {
      throw badFile(
        file.name,
        `its column ${found.name} is ${found.type} and the table's is ${column.type}`,
        'Register the table again with fitting `types`, or write the file with the types it had.',
      );
    }
    const value = found === undefined ? 'NULL' : identifier(found.name);
    selected.push(`CAST(${value} AS ${column.type}) AS ${identifier(wireName(index))}`);
  }
  return {
    relation: `(SELECT ${selected.join(', ')} FROM read_parquet(${fileLiteral(file.path)}))`,
    recover: async (failure) => {
      await ensureUnchanged(file);
      if (failure !== null && !/Out of Memory|No space left|INTERRUPT/i.test(firstLine(failure)))
        throw badFile(file.name, firstLine(failure));
      return null;
    },
  };
}

const integer = /^U?(TINY|SMALL|BIG)?INT(EGER)?$/;

/** Whether a cast keeps every value or raises an error; one that rounds does neither. */
async function castsWithoutLoss(session: Session, from: string, to: string): Promise<boolean> {
  if (from === to || to === 'VARCHAR') return true;
  if (integer.test(from) && integer.test(to)) return true;
  if (integer.test(from) && /^(FLOAT|DOUBLE)$/.test(to)) return false;
  const common = await session
    .first<{ type: string }>(
      `SELECT typeof(x) AS type FROM (SELECT CAST(NULL AS ${from}) AS x UNION ALL SELECT CAST(NULL AS ${to})) LIMIT 1`,
    )
    .catch(() => undefined);
  return common?.type === to;
}

const firstLine = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
