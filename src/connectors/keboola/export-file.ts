/** Has a table exported: starts the job, waits for its end and answers with the file. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LimitFunction } from 'p-limit';
import { AttacheError, toAttacheError } from '../../errors/attache-error.ts';
import { redact } from '../../errors/redact.ts';
import { Postponed } from '../postponed.ts';
import { exportedFile, type FileAnswer, type JobAnswer } from './api/shapes.ts';
import type { Connection } from './connection.ts';

export interface ExportedFile {
  id: string;
  detail: FileAnswer;
}

const firstPollMs = 250;
const longestPollMs = 10_000;
/** A job or file that vanished is asked for anew; the service answers equal exports from its cache. */
const rounds = 3;

/** `slot` bounds the exports under way, because a project runs only a few jobs at once. */
export async function exportFile(
  connection: Connection,
  slot: LimitFunction,
  table: string,
  body: Record<string, unknown>,
): Promise<ExportedFile> {
  for (let round = 1; ; round += 1) {
    try {
      const file = await slot(() => finishedFile(connection, table, body));
      return { id: file, detail: await connection.client.file(file) };
    } catch (thrown) {
      const gone = thrown instanceof VanishedResult || (round > 1 ? false : isMissingResult(thrown));
      if (!gone || round >= rounds) throw thrown instanceof VanishedResult ? thrown.outcome : thrown;
    }
  }
}

/** Thrown when a job ended without showing its file, or is not there any more. */
class VanishedResult extends Error {
  readonly outcome: AttacheError;
  constructor(outcome: AttacheError) {
    super(outcome.message);
    this.outcome = outcome;
  }
}

/** A file that was there when the job ended. */
function isMissingResult(thrown: unknown): boolean {
  return (
    thrown instanceof AttacheError && thrown.code === 'source_missing' && thrown.message.startsWith('Reading the file')
  );
}

/** Thrown when the job itself ended in error. */
export class ExportFailed extends AttacheError {}

async function finishedFile(connection: Connection, table: string, body: Record<string, unknown>): Promise<string> {
  const job = await finishedJob(connection, table, await connection.client.startExport(table, body));
  if (job.status === 'error') throw failedJob(table, job);
  const file = exportedFile(job);
  if (file !== null) return file.id;
  throw new VanishedResult(
    new AttacheError('source_failed', {
      message: `The export of ${table} (job ${job.id}) ended without showing its file.`,
      hint: 'The table keeps its data; the next run tries again.',
      retryable: true,
    }),
  );
}

/** Waiting for a turn and running have limits of their own: a busy project is no failure. */
async function finishedJob(
  { client, settings, signal }: Connection,
  table: string,
  started: JobAnswer,
): Promise<JobAnswer> {
  const { job_wait_minutes: wait, job_minutes: run } = settings.limits;
  const waitEnd = Date.now() + wait * 60_000;
  let runEnd: number | null = null;
  let job = started;
  for (let pause = firstPollMs; ; pause = Math.min(pause * 1.5, longestPollMs)) {
    if (job.status === 'success' || job.status === 'error') return job;
    if (job.status !== 'waiting') runEnd ??= Date.now() + run * 60_000;
    if (runEnd === null && Date.now() > waitEnd)
      throw new Postponed(
        `The export of ${table} (job ${job.id}) still waits for its turn after ${wait} minutes; the next run tries again.`,
      );
    if (runEnd !== null && Date.now() > runEnd)
      throw new AttacheError('timed_out', {
        message: `The export of ${table} (job ${job.id}) still runs after ${run} minutes.`,
        hint: 'The table keeps its data; the next run finds the export in the cache once it has ended. Raise limits.job_minutes of the source for slower ones.',
        retryable: true,
      });
    await sleep(pause * (0.8 + Math.random() * 0.4), undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
    job = await client.job(job.id).catch((thrown: unknown) => {
      const error = toAttacheError(thrown);
      throw error.code === 'source_missing' ? new VanishedResult(error) : thrown;
    });
  }
}

function failedJob(table: string, job: JobAnswer): ExportFailed {
  const { message, code, exceptionId } = (job.error ?? {}) as Record<string, unknown>;
  const facts = [code && `code ${String(code)}`, exceptionId && `exceptionId ${String(exceptionId)}`].filter(Boolean);
  return new ExportFailed('source_failed', {
    message: redact(
      `The export of ${table} (job ${job.id}) failed: ${[String(message ?? 'no reason given'), ...facts].join(', ').slice(0, 800)}.`,
    ),
    hint: 'The table keeps its data. The support of Keboola knows more by the exceptionId.',
    retryable: true,
  });
}
