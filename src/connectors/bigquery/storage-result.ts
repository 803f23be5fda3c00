/** Brings a large result of a query by the Storage Read API, from where BigQuery keeps it. */
import pLimit from 'p-limit';
import { PlanAgain } from '../plan-again.ts';
import type { OpenPiece, PieceWay } from '../read-way.ts';
import type { Field } from './fields.ts';
import type { Look } from './look.ts';
import type { FinishedJob } from './query-job.ts';
import { rowsOf } from './result-rows.ts';
import { downloadStream, storedRelation } from './storage-download.ts';

const atOnce = 4;

/** Null where the Storage Read API may not be used, or breaks off twice. */
export async function openStoredResult(...given: Parameters<typeof openStreams>): Promise<OpenPiece | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openStreams(...given);
    } catch (thrown) {
      if (!(thrown instanceof PlanAgain)) throw thrown;
      // The query need not run again: its rows can be fetched otherwise.
      if (attempt === 2) return null;
    }
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
    streams: atOnce,
  });
  // Without streams there are no rows, and an empty page brings the columns.
  if (session === null || session.streams.length === 0) return null;
  const rows = await rowsOf(rest, job, doing, way.signal);
  const files = await downloadAll(session.streams, way, (stream, signal, index) =>
    downloadStream(storage, session, stream, fields, { ...way, signal }, String(index)),
  );
  return {
    relation: storedRelation(files.map((file) => file.path)),
    feed: async () => ({ rows }),
    close: async () => {
      await Promise.all(files.map((file) => file.remove()));
    },
  };
}

/** The first failure stops the others, and is thrown once nobody writes any more. */
async function downloadAll<T>(
  streams: readonly string[],
  way: PieceWay,
  download: (stream: string, signal: AbortSignal, index: number) => Promise<T>,
): Promise<T[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([way.signal, stop.signal]);
  const slot = pLimit(atOnce);
  const settled = await Promise.allSettled(
    streams.map((stream, index) =>
      slot(async () => {
        signal.throwIfAborted();
        return download(stream, signal, index);
      }).catch((thrown: unknown) => {
        stop.abort(thrown);
        throw thrown;
      }),
    ),
  );
  if (stop.signal.aborted) throw stop.signal.reason;
  return settled.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
}
