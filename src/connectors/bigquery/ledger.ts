/** What outlives a run, whatever becomes of it: the bytes spent today, and the queries that are running. */
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import { isAlive, thisProcess } from '../../files/process-identity.ts';
import type { SourceMemory } from '../connector.ts';

const jobReference = z.object({ project: z.string(), location: z.string().nullable(), id: z.string() });

const entries = z.object({
  /** UTC, e.g. `2026-01-31`. */
  day: z.string(),
  bytes: z.number(),
  jobs: z.array(jobReference.extend({ owner: z.object({ pid: z.number(), started: z.string() }) })),
});

export type JobReference = z.infer<typeof jobReference>;

type Entries = z.infer<typeof entries>;

export interface Ledger {
  bytesToday(): Promise<number>;
  /** Adds to today's bytes; durable when it resolves. Negative gives back. */
  add(bytes: number): Promise<void>;
  /** Queries whose process is gone and that nobody saw end. */
  left(): Promise<JobReference[]>;
  begin(job: JobReference): Promise<void>;
  finish(job: JobReference): Promise<void>;
}

/** Reads before each change, because a plan or a registration may write while a run does. What cannot be read is an error: without it no budget holds. */
export function openLedger(memory: SourceMemory | undefined): Ledger {
  if (memory === undefined)
    throw new AttacheError('internal', { message: 'Nothing can be kept here, so no budget would hold.' });
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  const change = (next: (now: Entries) => Partial<Entries>): Promise<void> =>
    inTurn(async () => {
      const now = await readEntries(memory);
      await memory.write({ ...now, ...next(now) });
    });
  return {
    bytesToday: () => inTurn(async () => (await readEntries(memory)).bytes),
    add: (bytes) => change((now) => ({ bytes: Math.max(0, now.bytes + bytes) })),
    left: () => inTurn(async () => (await readEntries(memory)).jobs.filter((job) => !isAlive(job.owner))),
    begin: (job) => change((now) => ({ jobs: [...now.jobs, { ...job, owner: thisProcess() }] })),
    finish: (job) => change((now) => ({ jobs: now.jobs.filter((one) => one.id !== job.id) })),
  };
}

/** The entries as of today: another day begins with nothing spent. */
async function readEntries(memory: SourceMemory): Promise<Entries> {
  const today = new Date().toISOString().slice(0, 10);
  const kept = await memory.read();
  if (kept === null) return { day: today, bytes: 0, jobs: [] };
  const parsed = entries.safeParse(kept);
  if (!parsed.success)
    throw new AttacheError('integrity', {
      message: 'What was kept of the bytes spent today cannot be understood.',
      hint: 'Look at source-memory.json in the folder .da of the extract, and delete it if nothing of the source is running.',
      cause: parsed.error,
    });
  return parsed.data.day === today ? parsed.data : { ...parsed.data, day: today, bytes: 0 };
}
