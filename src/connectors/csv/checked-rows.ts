/** The end of a careful reading: the rows of a clean file in scratch, those whose values fit as the piece, the others as rejects. */
import type { Session } from '../../duckdb/session.ts';
import type { OpenPiece, Reject } from '../read-way.ts';
import type { FoundFile } from './list-files.ts';
import { ensureUnchanged } from './list-files.ts';
import type { Contract } from './options.ts';
import { type BadRow, mostRejects, reject } from './rewrite-carefully.ts';
import { lenientColumns, misfits, type PlacedColumn } from './separated-relation.ts';

export interface CleanRows {
  session: Session;
  file: FoundFile;
  /** Relation with `line` and the text columns `c0`, `c1`, … */
  relation: string;
  /** Names of those columns in the file. */
  names: readonly string[];
  placed: readonly PlacedColumn[];
  contract: Contract;
  /** Rows left out already. */
  bad: readonly BadRow[];
  /** The rows that begin on these lines, as they stand in the file. */
  rawRows(lines: ReadonlySet<number>): Promise<Map<number, string>>;
}

export async function openChecked(clean: CleanRows): Promise<OpenPiece> {
  const { file, placed, contract } = clean;
  const checked = `(SELECT *, ${misfits(placed, contract)} AS misfits FROM ${clean.relation})`;
  const rejects = await rejectsOf(clean, checked);
  return {
    relation: `(SELECT ${lenientColumns(placed, contract)} FROM ${checked} WHERE len(misfits) = 0)`,
    recover: async () => {
      await ensureUnchanged(file);
      return null;
    },
    rejects: async () => rejects,
  };
}

async function rejectsOf(
  { session, file, names, placed, bad, rawRows }: CleanRows,
  checked: string,
): Promise<Reject[]> {
  const misfitting = await session.rows<{ line: string; misfit: number }>(
    `SELECT line, misfits[1] AS misfit FROM ${checked} WHERE len(misfits) > 0 LIMIT ${mostRejects}`,
  );
  const raws = misfitting.length === 0 ? new Map() : await rawRows(new Set(misfitting.map((row) => Number(row.line))));
  const all = [...bad];
  const unfit = misfitting.map(({ line, misfit }) => {
    const column = names[placed[misfit]?.position ?? 0] ?? null;
    const row = {
      line: Number(line),
      reason: `the value of ${column} is not ${withArticle(placed[misfit]?.type ?? '')}`,
      raw: raws.get(Number(line)) ?? '',
    };
    reject(file.name, all, row);
    return { file: file.name, column, ...row };
  });
  const broken = bad.map((row) => ({ file: file.name, column: null, ...row }));
  return [...unfit, ...broken].sort((one, other) => one.line - other.line);
}

const withArticle = (type: string) => `${/^[AEIO]/.test(type) ? 'an' : 'a'} ${type}`;
