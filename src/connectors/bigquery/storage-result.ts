/** Brings a large result of a query by the Storage Read API, from where BigQuery keeps it. */
import pLimit from 'p-limit';
import { PlanAgain } from '../plan-again.ts';
import type { OpenPiece, PieceWay } from '../read-way.ts';
import type { Field } from './fields.ts';
import type { Look } from './look.ts';
import type { FinishedJob } from './query-job.ts';
import { rowsOf } from './result-rows.ts';
import { downloadStream, storedRelation } from './storage-download.ts';

const streams = 4;

/** Null where the Storage Read API may not be used. */
export async function openStoredResult(...given: Parameters<typeof openStreams>): Promise<OpenPiece | null> {
  try {
    return await openStreams(...given);
  } catch (thrown) {
    // The query need not run again: its rows can be fetched otherwise.
    if (thrown instanceof PlanAgain) return null;
    throw thrown;
  }
}

async function openStreams(
  { storage, rest }: Look,
  job: FinishedJob,
  fields: readonly Field[],
  way: PieceWay,
  doing: string,
): Promise<OpenPiece | null> {
  const session = await storage.openSession({
    table: job.destination,
    columns: fields.map((field) => field.name),
    restriction: '',
    at: null,
    streams,
  });
  // Without streams there are no rows, and an empty page brings the columns.
  if (session === null || session.streams.length === 0) return null;
  const rows = await rowsOf(rest, job, doing, way.signal);
  const slot = pLimit(streams);
  const files = await Promise.all(
    session.streams.map((stream, index) =>
      slot(() => downloadStream(storage, session, stream, fields, way, String(index))),
    ),
  );
  return {
    relation: storedRelation(files.map((file) => file.path)),
    feed: async () => ({ rows }),
    close: async () => {
      await Promise.all(files.map((file) => file.remove()));
    },
  };
}
