/** `da status`: what the workspace holds and how fresh it is. */
import type { Command } from 'commander';
import { describeWorkspace, type WorkspaceSummary } from '../../workspace/describe-workspace.ts';
import { askLag, type EventsLag } from '../ask-lag.ts';
import { addWorkspaceOption, chooseWorkspace } from '../choose-workspace.ts';
import type { Context } from '../context.ts';
import { tablesText } from '../output/tables-text.ts';
import { humanAge, humanSize, plural } from '../output/units.ts';
import { printable } from '../printable.ts';

interface Options {
  workspace?: string;
  exitCode?: boolean;
}

export function configure(command: Command, context: Context): void {
  addWorkspaceOption(command)
    .option('--exit-code', 'exit 1 when the last sync did not end well')
    .addHelpText(
      'before',
      `Works offline: it tells what the last sync left here. When the server answers at once, also how far pushed events are behind there.\n
Examples:
  $ da status
  $ da status --exit-code --quiet || da sync
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {workspace, server, last_attempt, last_success, size_bytes, tables: [...], failures: [{table, code, message, hint}], events: {sources, lag_ms, inbox_depth} or null}.',
    )
    .action((options: Options) => run(options, context));
}

async function run(options: Options, context: Context): Promise<void> {
  const { terminal } = context;
  const summary = await describeWorkspace(await chooseWorkspace(options, context));
  const events = await askLag(summary.server);
  if (terminal.json) await terminal.document({ ...summary, events });
  else await terminal.data(statusText(summary, events));
  const well = summary.last_success !== null && summary.last_success === summary.last_attempt;
  if (options.exitCode && !well) context.exit(1);
}

function statusText(summary: WorkspaceSummary, events: EventsLag | null): string {
  const lines = [
    `workspace     ${summary.workspace}`,
    `server        ${summary.server ?? 'unknown: never synced'}`,
    `last attempt  ${at(summary.last_attempt)}`,
    `last success  ${at(summary.last_success)}`,
    `holds         ${plural(summary.tables.length, 'table')}, ${humanSize(summary.size_bytes)}`,
    ...(events === null ? [] : [`events        ${lagText(events)}`]),
    ...summary.failures.map((failure) => `failed        ${printable(failure.table)}: ${printable(failure.message)}`),
  ];
  const tables = summary.tables.length === 0 ? '' : `\n${tablesText(summary.tables)}`;
  return `${lines.join('\n')}\n${tables}`;
}

function lagText({ lag_ms, inbox_depth }: EventsLag): string {
  if (lag_ms === 0) return 'all that were pushed to the server are visible there';
  return `${(lag_ms / 1_000).toFixed(1)} s behind on the server, ${inbox_depth} waiting`;
}

function at(iso: string | null): string {
  return iso === null ? 'never' : `${humanAge(iso)} (${iso})`;
}
