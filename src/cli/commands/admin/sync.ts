/** `da admin sync`: has the server sync tables now, and waits for the result. */
import type { Command } from 'commander';
import { addServerOption, connect } from '../../connect.ts';
import type { Context } from '../../context.ts';
import { exitCodeOfJob, followJob } from '../../follow-job.ts';
import { showPlan } from '../../show-plan.ts';

interface Options {
  server?: string;
  source?: string[];
  full?: true;
  since?: string;
  plan?: true;
  wait: boolean;
}

export function configure(command: Command, context: Context): void {
  addServerOption(command)
    .argument('[tables...]', 'only these tables (default: all that are registered)')
    .option('-s, --source <name...>', 'all tables of these sources')
    .option('--full', 'read everything, whatever was read before')
    .option('--since <value>', 'incremental tables: read from this cursor value on, e.g. 2024-01-31')
    .option('--plan', 'say what would be read and how the columns would differ, and move nothing')
    .option('--no-wait', 'start it and return at once')
    .addHelpText(
      'before',
      `Joins the running job when the same work is under way already.\n
Examples:
  $ da admin sync
  $ da admin sync orders people
  $ da admin sync --source crm --no-wait
  $ da admin sync orders --plan
  $ da admin sync orders --since 2024-01-31
`,
    )
    .addHelpText(
      'after',
      '\nJSON: the job {id, status, tables: [{id, status, rows, error}], …}; with --no-wait {job_id, status, tables}; with --plan {tables: [{id, action, reason, rows, bytes, schema_changes, …}]}.\nExit 0 succeeded, 3 partial, 1 failed or cancelled.',
    )
    .action((tables: string[], options: Options) => run(tables, options, context));
}

async function run(tables: string[], options: Options, context: Context): Promise<void> {
  const { terminal, signal } = context;
  await using client = await connect(options, context);
  const reading = {
    ...(options.full === undefined ? {} : { full: options.full }),
    ...(options.since === undefined ? {} : { since: options.since }),
  };
  if (options.plan) return await showPlan(client, { tables, ...reading }, context);
  const body = {
    ...reading,
    ...(tables.length > 0 ? { tables } : {}),
    ...(options.source === undefined ? {} : { sources: options.source }),
  };
  const { body: started } = await client.json<{ job_id: string; tables: string[] }>('/api/sync/trigger', {
    method: 'POST',
    body,
    signal,
  });
  terminal.say(`job ${started.job_id}: ${started.tables.join(', ')}`);
  if (!options.wait) {
    if (terminal.json) await terminal.document(started);
    terminal.say(`next: da admin jobs watch ${started.job_id}`);
    return;
  }
  const job = await followJob(client, started.job_id, context);
  if (terminal.json) await terminal.document(job);
  terminal.say(job.status);
  context.exit(exitCodeOfJob(job));
}
