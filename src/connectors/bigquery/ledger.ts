/** What outlives a run, whatever becomes of it: the bytes spent today, and the queries that are running. */
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import { isAlive, thisProcess } from '../../files/process-identity.ts';
import type { SourceMemory } from '../source-context.ts';

const jobReference = z.object({ project: z.string(), location: z.string().nullable(), id: z.string() });

const begunJob = jobReference.extend({
  /** Milliseconds since 1970. */
  begun: z.number(),
  /** Bytes of today's budget that are set aside for it. */
  bytes: z.number().min(0),
  owner: z.object({ pid: z.number(), started: z.string() }),
});

const entries = z.object({
  /** UTC, e.g. `2026-01-31`. */
  day: z.string(),
  bytes: z.number().min(0),
  jobs: z.array(begunJob),
});

export type JobReference = z.infer<typeof jobReference>;

type BegunJob = z.infer<typeof begunJob>;

type Entries = z.infer<typeof entries>;

export interface Ledger {
  bytesToday(): Promise<number>;
  /** Adds to today's bytes when that stays within `cap`, durably; refuses when another process took the room in between. */
  take(bytes: number, cap: number): Promise<boolean>;
  /** Adds to today's bytes, durably. Negative gives back. */
  add(bytes: number): Promise<void>;
  /** Queries whose process is gone and that nobody saw end. */
  left(): Promise<BegunJob[]>;
  /** Notes a query that is about to be sent, for which `bytes` were taken. */
  begin(job: JobReference, bytes: number): Promise<void>;
  finish(job: JobReference): Promise<void>;
  /** Forgets a query that was left behind; what it was not billed of its bytes is given back. */
  finishLeft(job: BegunJob, billed: number): Promise<void>;
}

/** What cannot be read is an error: without it no budget holds. */
export function openLedger(memory: SourceMemory | undefined): Ledger {
  if (memory === undefined)
    throw new AttacheError('internal', { message: 'Nothing can be kept here, so no budget would hold.' });
  const change = (next: (now: Entries) => Partial<Entries>): Promise<void> =>
    memory.change((kept) => {
      const now = asOfToday(kept);
      return { ...now, ...next(now) };
    });
  const without = (jobs: BegunJob[], { id }: JobReference) => jobs.filter((one) => one.id !== id);
  const plus = (now: Entries, bytes: number) => Math.max(0, now.bytes + bytes);
  return {
    bytesToday: async () => asOfToday(await memory.read()).bytes,
    take: async (bytes, cap) => {
      let taken = false;
      await change((now) => {
        taken = now.bytes + bytes <= cap;
        return taken ? { bytes: now.bytes + bytes } : {};
      });
      return taken;
    },
    add: (bytes) => change((now) => ({ bytes: plus(now, bytes) })),
    left: async () => asOfToday(await memory.read()).jobs.filter((job) => !isAlive(job.owner)),
    begin: (job, bytes) =>
      change((now) => ({ jobs: [...now.jobs, { ...job, bytes, begun: Date.now(), owner: thisProcess() }] })),
    finish: (job) => change((now) => ({ jobs: without(now.jobs, job) })),
    finishLeft: (job, billed) =>
      change((now) => {
        // Bytes of a job that began yesterday are no part of today's.
        const began = dayOf(job.begun) === now.day;
        return { jobs: without(now.jobs, job), bytes: began ? plus(now, billed - job.bytes) : now.bytes };
      }),
  };
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Another day begins with nothing spent; an unfinished query stays whatever the day. */
function asOfToday(kept: unknown): Entries {
  const today = dayOf(Date.now());
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
