/** `da rebuild`: builds the master from every extract, with no server running. */
import type { Command } from 'commander';
import { SyncOrchestrator } from '../../orchestrator/orchestrator.ts';
import type { RebuildReport } from '../../orchestrator/shapes.ts';
import { Master } from '../../sync/master.ts';
import type { Context } from '../context.ts';
import { withState } from '../open-state.ts';
import { plural } from '../output/units.ts';
import { printable } from '../printable.ts';
import { addConfigOptions, type ConfigOptions, readConfig } from '../read-config.ts';
import type { Terminal } from '../terminal.ts';

export function configure(command: Command, context: Context): void {
  addConfigOptions(command)
    .addHelpText(
      'before',
      `Scans DATA_DIR/extracts and writes analytics.duckdb anew where something changed. A running server does this by
itself, and keeps this command out (exit 6).\n
Examples:
  $ da rebuild --data-dir ./data
  $ da rebuild --data-dir ./data --json
`,
    )
    .addHelpText(
      'after',
      `
JSON: {live: [{source, table, rows}], stale: [{source, table, reason}], problems: [{source, table, code, message}]}.
Exit 0 when everything is live, 3 when something is stale or could not be taken in.`,
    )
    .action((options: ConfigOptions) => run(options, context));
}

async function run(options: ConfigOptions, context: Context): Promise<void> {
  const { terminal } = context;
  const config = await readConfig(options, context);
  const report = await withState(config, async (state) => {
    const master = new Master(new SyncOrchestrator({ ...config, signal: context.signal }), state);
    await master.catchUp();
    return master.report as RebuildReport;
  });
  const { live, stale, problems } = report;
  if (terminal.json) await terminal.document({ live, stale, problems });
  tell(terminal, report);
  context.exit(isWhole(report) ? 0 : 3);
}

/** A name that two sources want is a fact to know, and both tables can be read. */
function isWhole({ stale, problems }: RebuildReport): boolean {
  return stale.length === 0 && problems.every((problem) => problem.code === 'name_taken');
}

function tell(terminal: Terminal, { live, stale, problems }: RebuildReport): void {
  const place = (source: string, table: string | null) => printable(table === null ? source : `${source}.${table}`);
  for (const { source, table, reason } of stale) terminal.say(`stale ${place(source, table)}: ${printable(reason)}`);
  for (const { source, table, code, message } of problems)
    terminal.say(`problem ${place(source, table)} (${code}): ${printable(message)}`);
  terminal.say(`${plural(live.length, 'table')} live, ${stale.length} stale, ${plural(problems.length, 'problem')}`);
}
