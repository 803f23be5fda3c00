/** Syncs: `POST /api/sync/trigger` and `/api/jobs`. */
import { z } from 'zod';
import { extractFolder } from '../../contract/extract-folder.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { readRejects } from '../../extract/rejects.ts';
import type { JobRow } from '../../system/jobs.ts';
import { streamJobEvents } from '../job-events.ts';
import { defineRoute, type Route } from '../route.ts';
import { jobSchema, rejectSchema } from '../schemas/job.ts';
import { identity, jobId, page } from '../schemas/names.ts';
import type { ServerParts } from '../server-parts.ts';

const triggerBody = z
  .strictObject({
    tables: z.array(z.string()).min(1).optional().meta({ description: 'Table ids.' }),
    sources: z.array(z.string()).min(1).optional().meta({ description: 'All tables of these sources.' }),
    full: z.literal(true).optional().meta({ description: 'Read everything, whatever was read before.' }),
    since: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'Incremental tables: read from this cursor value on.' }),
  })
  .nullish()
  .meta({ description: 'Nothing: every registered table.' });

const triggered = z
  .object({ job_id: z.string(), status: z.string(), tables: z.array(z.string()) })
  .meta({ id: 'Triggered' });

export function jobRoutes({ config, sync, stopping }: ServerParts): Route[] {
  const params = z.object({ id: jobId });
  return [
    defineRoute({
      method: 'POST',
      path: '/api/sync/trigger',
      summary: 'Sync tables now; the same work under way already is joined',
      action: 'administer',
      body: triggerBody,
      answers: { 202: { description: 'The job, new or joined; Location says where it is', schema: triggered } },
      handle: async ({ body, principal, reply }) => {
        const job = await sync.trigger({
          tables: body?.tables,
          sources: body?.sources,
          reading: { full: body?.full, since: body?.since },
          cause: 'request',
          by: principal?.label ?? null,
        });
        reply.code(202).header('location', `/api/jobs/${job.id}`);
        return { job_id: job.id, status: job.status, tables: job.tables.map((table) => table.id) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/jobs',
      summary: 'Jobs, newest first',
      action: 'administer',
      query: page(50, 500, jobId),
      answers: {
        200: {
          description: 'One page',
          schema: z.object({ jobs: z.array(jobSchema), next_cursor: z.string().nullable() }),
        },
      },
      handle: async ({ query }) => {
        const jobs = await sync.jobs(query.limit + 1, query.cursor ?? null);
        const shown = jobs.slice(0, query.limit);
        return { jobs: shown, next_cursor: jobs.length > shown.length ? (shown.at(-1)?.id ?? null) : null };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/jobs/{id}',
      summary: 'One job with the result of each table',
      action: 'administer',
      params,
      answers: { 200: { description: 'The job', schema: jobSchema } },
      handle: ({ params: { id } }) => existing(id),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/jobs/{id}/events',
      summary: 'What happens in the job, as server-sent events; Last-Event-ID goes on where a listener left off',
      action: 'administer',
      params,
      answers: {
        200: { description: 'Events job, table, progress and note', media: 'text/event-stream' },
        204: { description: 'The job has finished and there is nothing new' },
      },
      handle: async ({ params: { id }, request, reply }) =>
        streamJobEvents(request, reply, await existing(id), sync.feed(id), stopping),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/jobs/{id}',
      summary: 'Cancel a job; its unfinished tables keep their data',
      action: 'administer',
      params,
      answers: { 202: { description: 'The job, which ends soon', schema: jobSchema } },
      handle: async ({ params: { id }, reply }) => {
        const job = await sync.cancel(id);
        reply.code(202);
        return job;
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/jobs/{id}/tables/{table}/rejects',
      summary: 'Rows that were left out of a load, with file, line and reason',
      action: 'administer',
      params: z.object({ id: jobId, table: identity }),
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(10_000).default(1_000) }),
      answers: {
        200: {
          description: 'The first of them',
          schema: z.object({ rows: z.array(rejectSchema), truncated: z.boolean() }),
        },
      },
      handle: async ({ params: { id, table: name }, query }) => {
        const { tables } = await existing(id);
        const table = tables.find((row) => row.id === name);
        if (table === undefined)
          throw new AttacheError('not_found', {
            message: `The job ${id} has no table ${name}.`,
            hint: `It has: ${tables.map((row) => row.id).join(', ') || 'none'}.`,
          });
        const rows = await readRejects(
          extractFolder(config.dataDirectory, table.source),
          id,
          table.id,
          query.limit + 1,
        );
        return { rows: rows.slice(0, query.limit), truncated: rows.length > query.limit };
      },
    }),
  ];

  async function existing(id: string): Promise<JobRow> {
    const job = await sync.job(id);
    if (job !== null) return job;
    throw new AttacheError('not_found', { message: `There is no job ${id}.`, hint: 'See GET /api/jobs.' });
  }
}
