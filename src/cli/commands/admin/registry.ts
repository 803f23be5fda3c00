/** `da admin registry …`: which tables exist. */
import type { Command } from 'commander';
import { AttacheError } from '../../../errors/attache-error.ts';
import { confirmByName } from '../../confirm.ts';
import { addServerOption, connect } from '../../connect.ts';
import type { Configure } from '../../context.ts';
import { fieldsText } from '../../output/fields-text.ts';
import { textTable } from '../../output/text-table.ts';
import { humanAge, humanCount } from '../../output/units.ts';
import { readPages } from '../../read-pages.ts';
import { addTableOptions, type TableOptions, tableFields } from '../../table-fields.ts';

interface Row {
  id: string;
  source_name: string;
  source_table: string;
  status: string;
  rows: number | null;
  last_success: string | null;
}

const path = '/api/admin/registry';
const pathOf = (id: string) => `${path}/${encodeURIComponent(id)}`;

/** `da admin registry list` */
export const list: Configure = (command, context) =>
  addServerOption(command)
    .addHelpText('before', 'Example:\n  $ da admin registry list\n')
    .addHelpText('after', '\nJSON: {tables: [the rows]}.')
    .action(async (options: { server?: string }) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const tables = await readPages<Row>(client, path, 'tables', signal);
      if (terminal.json) await terminal.document({ tables });
      else if (tables.length === 0) terminal.say('No tables are registered. next: da admin sources tables SOURCE');
      else await terminal.data(rowsText(tables));
    });

/** `da admin registry show` */
export const show: Configure = (command, context) =>
  addServerOption(command)
    .argument('<table>', 'the id of the table')
    .addHelpText('before', 'Example:\n  $ da admin registry show orders\n')
    .addHelpText('after', '\nJSON: the row.')
    .action(async (id: string, options: { server?: string }) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<Row>(pathOf(id), { signal });
      if (terminal.json) await terminal.document(body);
      else await terminal.data(fieldsText(body));
    });

/** `da admin registry add` */
export const add: Configure = (command, context) =>
  addTableOptions(addServerOption(command))
    .argument('<name>', 'a label; the id is derived from it when --id does not give one')
    .option('--id <id>', 'the id: view name, folder name and address; never changes')
    .option('-s, --source <name>', 'a configured source')
    .option('--type <type>', 'the type of the source, where the source has no name of its own')
    .addHelpText(
      'before',
      `Settles types with the source at once, so that nothing is guessed in a later run.\n
Examples:
  $ da admin registry add orders --source crm --source-table orders --primary-key id
  $ da admin registry add Cars --source files --source-table cars.csv --options '{"delimiter": ";"}'
`,
    )
    .addHelpText(
      'after',
      '\nJSON: the row with {columns, notes}. Exit 6 when the id is taken, 2 when something does not fit.',
    )
    .action(
      async (
        name: string,
        options: TableOptions & { server?: string; id?: string; source?: string; type?: string },
      ) => {
        const { terminal, signal } = context;
        await using client = await connect(options, context);
        const given = { id: options.id, source_name: options.source, source_type: options.type };
        const body = { name, ...given, ...tableFields(options) };
        const { body: row } = await client.json<Row & { notes?: string[] }>(path, {
          method: 'POST',
          body,
          signal,
          patient: true,
        });
        if (terminal.json) await terminal.document(row);
        else await terminal.data(`${row.id}\n`);
        for (const note of row.notes ?? []) terminal.say(note);
        terminal.say(`next: da admin sync ${row.id}`);
      },
    );

/** `da admin registry set` */
export const set: Configure = (command, context) =>
  addTableOptions(addServerOption(command))
    .argument('<table>', 'the id of the table')
    .option('--name <label>', 'a label')
    .option('--clear <field...>', 'back to the default: fields by their names in the row, e.g. description')
    .addHelpText(
      'before',
      `Changes what is given and leaves the rest.\n
Examples:
  $ da admin registry set orders --description 'One row an order'
  $ da admin registry set orders --clear description sync_schedule
`,
    )
    .addHelpText('after', '\nJSON: the changed row.')
    .action(async (id: string, options: TableOptions & { server?: string; name?: string; clear?: string[] }) => {
      const { terminal, signal } = context;
      const cleared = Object.fromEntries((options.clear ?? []).map((field) => [field, null]));
      const body = {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...tableFields(options),
        ...cleared,
      };
      if (Object.keys(body).length === 0)
        throw new AttacheError('usage', {
          message: 'Nothing to change is given.',
          hint: 'See `da admin registry set --help`.',
        });
      await using client = await connect(options, context);
      const { body: row } = await client.json<Row>(pathOf(id), { method: 'PATCH', body, signal, patient: true });
      if (terminal.json) await terminal.document(row);
      else await terminal.data(fieldsText(row));
    });

/** `da admin registry remove` */
export const remove: Configure = (command: Command, context) =>
  addServerOption(command)
    .argument('<table>', 'the id of the table')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'before',
      `Drops the row, its state, its files and its views; analysts lose the table at their next sync.\n
Example:
  $ da admin registry remove orders
`,
    )
    .addHelpText('after', '\nJSON: {removed}.')
    .action(async (id: string, options: { server?: string; yes?: boolean }) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      if (!options.yes) await confirmByName(`This drops ${id} with all its data.`, id);
      await client.json(pathOf(id), { method: 'DELETE', signal, patient: true });
      if (terminal.json) await terminal.document({ removed: id });
      terminal.say(`removed ${id}`);
    });

function rowsText(rows: readonly Row[]): string {
  return textTable(
    [
      { title: 'table' },
      { title: 'source' },
      { title: 'source table' },
      { title: 'status' },
      { title: 'rows', align: 'right' },
      { title: 'last success' },
    ],
    rows.map((row) => [
      row.id,
      row.source_name,
      row.source_table,
      row.status,
      humanCount(row.rows),
      row.last_success === null ? 'never' : humanAge(row.last_success),
    ]),
  );
}
