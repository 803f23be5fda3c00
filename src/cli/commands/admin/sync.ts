/** `da admin sync`: has the server sync tables now, and waits for the result. */
import type { Command } from 'commander';
import { addServerOption, connect } from '../../connect.ts';
import type { Context } from '../../context.ts';
import { exitCodeOfJob, followJob } from '../../follow-job.ts';

interface Options {
  server?: string;
  source?: string[];
  wait: boolean;
}

export function configure(command: Command, context: Context): void {
  addServerOption(command)
    .argument('[tables...]', 'only these tables (default: all that are registered)')
    .option('-s, --source <name...>', 'all tables of these sources')
    .option('--no-wait', 'start it and return at once')
    .addHelpText(
      'before',
      `Joins the running job when the same work is under way already.\n
Examples:
  $ da admin sync
  $ da admin sync orders people
  $ da admin sync --source crm --no-wait
`,
    )
    .addHelpText(
      'after',
      '\nJSON: the job {id, status, tables: [{id, status, rows, error}], …}; with --no-wait {job_id, status, tables}.\nExit 0 succeeded, 3 partial, 1 failed or cancelled.',
    )
    .action((tables: string[], options: Options) => run(tables, options, context));
}

async function run(tables: string[], options: Options, context: Context): Promise<void> {
  const { terminal, signal } = context;
  await using client = await connect(options, context);
  const body = {
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
