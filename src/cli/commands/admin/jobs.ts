/** `da admin jobs …`: what the server does and did. */
import type { Command } from 'commander';
import { addServerOption, connect } from '../../connect.ts';
import type { Configure, Context } from '../../context.ts';
import { exitCodeOfJob, followJob } from '../../follow-job.ts';
import { type Job, jobsText, jobTablesText, tellTable } from '../../output/job-text.ts';

interface Options {
  server?: string;
}

/** `da admin jobs list` */
export const list: Configure = (command, context) =>
  addServerOption(command)
    .option('--limit <n>', 'at most so many', '20')
    .addHelpText('before', 'Example:\n  $ da admin jobs list --limit 5\n')
    .addHelpText('after', '\nJSON: {jobs: [{id, status, tables, …}], next_cursor}.')
    .action(async (options: Options & { limit: string }) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const path = `/api/jobs?limit=${encodeURIComponent(options.limit)}`;
      const { body } = await client.json<{ jobs: Job[] }>(path, { signal });
      if (terminal.json) await terminal.document(body);
      else if (body.jobs.length === 0) terminal.say('No jobs yet. next: da admin sync');
      else await terminal.data(jobsText(body.jobs));
    });

/** `da admin jobs show` */
export const show: Configure = (command, context) =>
  oneJob(command)
    .addHelpText('before', 'Example:\n  $ da admin jobs show job_01h…\n')
    .action(async (id: string, options: Options) => {
      const { terminal } = context;
      await using client = await connect(options, context);
      const { body: job } = await client.json<Job>(jobPath(id), { signal: context.signal });
      if (terminal.json) return terminal.document(job);
      await terminal.data(`${job.id}  ${job.status}\n\n${jobTablesText(job)}`);
      for (const table of job.tables) if (table.error !== null) tellTable(terminal, table);
    });

/** `da admin jobs watch` */
export const watch: Configure = (command, context) =>
  oneJob(command)
    .addHelpText(
      'before',
      'Exits as `da admin sync` does: 0 succeeded, 3 partial, 1 failed.\n\nExample:\n  $ da admin jobs watch job_01h…\n',
    )
    .action(async (id: string, options: Options) => {
      await using client = await connect(options, context);
      const job = await followJob(client, encodeURIComponent(id), context);
      if (context.terminal.json) await context.terminal.document(job);
      context.terminal.say(job.status);
      context.exit(exitCodeOfJob(job));
    });

/** `da admin jobs cancel` */
export const cancel: Configure = (command, context) =>
  oneJob(command)
    .addHelpText('before', 'Example:\n  $ da admin jobs cancel job_01h…\n')
    .action(async (id: string, options: Options) => cancelJob(id, options, context));

async function cancelJob(id: string, options: Options, context: Context): Promise<void> {
  await using client = await connect(options, context);
  const { body: job } = await client.json<Job>(jobPath(id), { method: 'DELETE', signal: context.signal });
  if (context.terminal.json) await context.terminal.document(job);
  context.terminal.say(`${job.id} ${job.status}`);
}

function oneJob(command: Command): Command {
  return addServerOption(command).argument('<job>', 'the id of the job').addHelpText('after', '\nJSON: the job.');
}

function jobPath(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}
