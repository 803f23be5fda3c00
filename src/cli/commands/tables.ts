/** `da tables`: lists the tables of the workspace. */
import type { Command } from 'commander';
import { describeWorkspace } from '../../workspace/describe-workspace.ts';
import { addWorkspaceOption, chooseWorkspace } from '../choose-workspace.ts';
import type { Context } from '../context.ts';
import { tablesText } from '../output/tables-text.ts';

export function configure(command: Command, context: Context): void {
  addWorkspaceOption(command)
    .addHelpText(
      'before',
      `Works offline.\n
Examples:
  $ da tables
  $ da tables --json
`,
    )
    .addHelpText('after', '\nJSON: {tables: [{table, source, rows, size_bytes, updated, synced_at, failure}]}.')
    .action(async (options: { workspace?: string }) => {
      const { terminal } = context;
      const { tables } = await describeWorkspace(await chooseWorkspace(options, context));
      if (terminal.json) return terminal.document({ tables });
      if (tables.length === 0) return terminal.say('No tables yet. next: da sync');
      await terminal.data(tablesText(tables));
    });
}
