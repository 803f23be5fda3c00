/** Reads a query's result by the extension, from where BigQuery keeps it; the job stays ours. Whatever goes wrong, the same result is fetched natively. */
import type { OpenPiece, PieceWay } from '../../read-way.ts';
import type { TableRequest } from '../../table-request.ts';
import { wireName } from '../duck-types.ts';
import type { Field } from '../fields.ts';
import type { FinishedJob } from '../query-job.ts';
import { arrivesAs } from './arrives.ts';
import type { Engine } from './engine.ts';
import { checkTypes, namedColumns } from './named-columns.ts';

interface Result {
  table: TableRequest;
  job: FinishedJob;
  fields: readonly Field[];
  /** Of the result, exactly. */
  rows: number;
}

/** `natively` opens the same result without the extension. */
export async function openResultByExtension(
  engine: Engine,
  { table, job, fields, rows }: Result,
  { session, signal }: PieceWay,
  natively: () => Promise<OpenPiece>,
): Promise<OpenPiece> {
  const otherwise = (thrown: unknown): Promise<OpenPiece> => {
    signal.throwIfAborted();
    engine.giveUp(table, thrown instanceof Error ? thrown.message : String(thrown));
    return natively();
  };
  const lost = fields.find((field) => arrivesAs(field) === null);
  if (lost !== undefined) return otherwise(`the extension does not keep every value of ${lost.name} (${lost.kind})`);
  try {
    const relation = await engine.relation(session, job.destination);
    await checkTypes(session, relation, fields);
    return {
      relation: namedColumns(relation, fields, wireName),
      rows,
      recover: async (failure) => (failure === null ? null : otherwise(failure)),
    };
  } catch (thrown) {
    return otherwise(thrown);
  }
}
