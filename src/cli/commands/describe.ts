/** `da describe`: the columns and the freshness of one table. */
import type { Command } from 'commander';
import { describeTable } from '../../workspace/describe-workspace.ts';
import { addWorkspaceOption, chooseWorkspace } from '../choose-workspace.ts';
import type { Context } from '../context.ts';
import { textTable } from '../output/text-table.ts';
import { humanAge, humanCount, humanSize } from '../output/units.ts';

export function configure(command: Command, context: Context): void {
  addWorkspaceOption(command)
    .argument('<table>', 'the table')
    .addHelpText(
      'before',
      `Works offline.\n
Examples:
  $ da describe orders
  $ da describe orders --json
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {table, source, rows, size_bytes, updated, synced_at, failure, columns: [{name, type}], hash, parts}.',
    )
    .action((table: string, options: { workspace?: string }) => run(table, options, context));
}

async function run(id: string, options: { workspace?: string }, context: Context): Promise<void> {
  const { terminal } = context;
  const table = await describeTable(await chooseWorkspace(options, context), id);
  if (terminal.json) return terminal.document(table);
  const facts = [
    `table      ${table.table}`,
    `source     ${table.source ?? 'unknown'}`,
    `rows       ${humanCount(table.rows)}`,
    `size       ${humanSize(table.size_bytes)}`,
    `extracted  ${humanAge(table.updated)}${table.updated === null ? '' : ` (${table.updated})`}`,
    `synced     ${humanAge(table.synced_at)} (${table.synced_at})`,
    ...(table.failure === null ? [] : [`failed     ${table.failure.message}`]),
  ];
  const columns = textTable(
    [{ title: 'column' }, { title: 'type' }],
    table.columns.map(({ name, type }) => [name, type]),
  );
  await terminal.data(`${facts.join('\n')}\n\n${columns}`);
}
