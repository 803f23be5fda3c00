/** A job and its tables as everyone outside sees them. */
import { z } from 'zod';
import type { JobRow, JobTable } from '../../system/jobs.ts';
import { errorRecord } from './names.ts';

/** Error codes are checked where errors are made; a job of an older server may hold one that is gone. */
type Loose<T> = T extends { error: unknown } ? Omit<T, 'error' | 'tables'> : T;

const jobTable = z
  .object({
    id: z.string(),
    source: z.string(),
    status: z.enum(['waiting', 'running', 'succeeded', 'unchanged', 'postponed', 'failed', 'cancelled']).meta({
      description: 'postponed: nothing was wrong, the old data was kept and the next run tries again.',
    }),
    rows: z.number().nullable(),
    size_bytes: z.number().nullable(),
    rejected: z.number().meta({ description: 'Rows left out of this load.' }),
    schema_changes: z.array(z.string()),
    warnings: z.array(z.string()),
    error: errorRecord.nullable(),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
  })
  .meta({ id: 'JobTable' }) satisfies z.ZodType<Loose<JobTable>>;

export const jobSchema = z
  .object({
    id: z.string(),
    status: z.enum(['queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled']),
    cause: z.enum(['request', 'schedule']),
    requested_by: z.string().nullable(),
    created_at: z.string(),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    tables: z.array(jobTable),
    notes: z.array(z.string()),
    error: errorRecord.nullable(),
  })
  .meta({ id: 'Job' }) satisfies z.ZodType<Loose<JobRow>>;

export const rejectSchema = z
  .object({
    file: z.string().nullable(),
    line: z.number().nullable(),
    column: z.string().nullable(),
    reason: z.string(),
    raw: z.string(),
  })
  .meta({ id: 'Reject' });
