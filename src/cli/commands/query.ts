/** `da query`: answers SQL from the local database. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { AttacheError } from '../../errors/attache-error.ts';
import { queryWorkspace } from '../../workspace/query-workspace.ts';
import { addWorkspaceOption, chooseWorkspace } from '../choose-workspace.ts';
import type { Context } from '../context.ts';
import { type ResultForm, resultForms, tableLimit, writeResult } from '../output/write-result.ts';
import { readStdin } from '../read-stdin.ts';

interface Options {
  workspace?: string;
  output?: ResultForm;
  limit?: number;
  write?: boolean;
}

export function configure(command: Command, context: Context): void {
  addWorkspaceOption(command)
    .argument('<sql>', 'SQL, or - to read it from stdin; only the last statement may answer with rows')
    .addOption(new Option('-o, --output <form>', 'how rows come out (default: table)').choices(resultForms))
    .option('--limit <n>', `at most so many rows (default: all; ${tableLimit} for a table)`, rowLimit)
    .option('--write', 'open the local database for writing, to make views and tables of your own')
    .addHelpText(
      'before',
      `Works offline, and reads only unless told otherwise.\n
Examples:
  $ da query 'SELECT count(*) FROM orders'
  $ da query --output csv 'SELECT * FROM orders' > orders.csv
  $ da query --write 'CREATE VIEW big AS SELECT * FROM orders WHERE total > 1000'
`,
    )
    .addHelpText(
      'after',
      `
JSON (--output json, or --json): an array of objects. Integers beyond 2^53 and DECIMAL are text, so that no digit is lost.`,
    )
    .action((sql: string, options: Options) => run(sql, options, context));
}

async function run(sql: string, options: Options, context: Context): Promise<void> {
  const { terminal, signal } = context;
  const form = options.output ?? (terminal.json ? 'json' : 'table');
  terminal.json = form === 'json';
  const statement = sql === '-' ? await readStdin() : sql;
  if (statement.trim() === '') throw new AttacheError('usage', { message: 'The SQL is empty.' });
  const folder = await chooseWorkspace(options, context);
  await queryWorkspace(folder, statement, { write: options.write ?? false, signal }, (result) =>
    writeResult(terminal, result, form, options.limit ?? null),
  );
}

function rowLimit(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('Give a whole number of rows.');
}
