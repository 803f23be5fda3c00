/** `da admin sources …`: where data comes from. */
import { addServerOption, connect } from '../../connect.ts';
import type { Configure } from '../../context.ts';
import { fieldsText } from '../../output/fields-text.ts';
import { textTable } from '../../output/text-table.ts';
import { humanCount } from '../../output/units.ts';
import { printable } from '../../printable.ts';

interface Options {
  server?: string;
}

interface Source {
  name: string;
  type: string;
  tables: number;
  schedule: string | null;
  busy_with: string | null;
}

interface OfferedTable {
  bucket: string | null;
  source_table: string;
  kind: string;
  rows: number | null;
  primary_key: string[];
  registered_as: string[];
}

const path = '/api/admin/sources';

/** `da admin sources list` */
export const list: Configure = (command, context) =>
  addServerOption(command)
    .addHelpText('before', 'Example:\n  $ da admin sources list\n')
    .addHelpText('after', '\nJSON: {sources: [{name, type, tables, schedule, …}]}.')
    .action(async (options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<{ sources: Source[] }>(path, { signal });
      if (terminal.json) await terminal.document(body);
      else if (body.sources.length === 0) terminal.say('No sources: add some under sources: in instance.yaml.');
      else await terminal.data(sourcesText(body.sources));
    });

/** `da admin sources check` */
export const check: Configure = (command, context) =>
  addServerOption(command)
    .argument('<source>', 'the name of the source')
    .addHelpText('before', 'Tries credentials, rights and reachability.\n\nExample:\n  $ da admin sources check crm\n')
    .addHelpText('after', '\nJSON: {summary, facts, warnings}. Exit 8 when it cannot be reached, 4 when it refuses.')
    .action(async (source: string, options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<{ summary: string; facts: object; warnings: string[] }>(
        `${path}/${encodeURIComponent(source)}/check`,
        { method: 'POST', signal, patient: true },
      );
      if (terminal.json) return terminal.document(body);
      await terminal.data(`${printable(body.summary)}\n`);
      if (Object.keys(body.facts).length > 0) await terminal.data(fieldsText(body.facts));
      for (const warning of body.warnings) terminal.say(`warning: ${printable(warning)}`);
    });

/** `da admin sources tables` */
export const tables: Configure = (command, context) =>
  addServerOption(command)
    .argument('<source>', 'the name of the source')
    .addHelpText('before', 'Example:\n  $ da admin sources tables crm\n')
    .addHelpText(
      'after',
      '\nJSON: {tables: [{bucket, source_table, name, kind, columns, primary_key, rows, size_bytes, registered_as}]}.',
    )
    .action(async (source: string, options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<{ tables: OfferedTable[] }>(`${path}/${encodeURIComponent(source)}/tables`, {
        signal,
        patient: true,
      });
      if (terminal.json) return terminal.document(body);
      if (body.tables.length === 0) return terminal.say('The source offers no tables.');
      await terminal.data(offersText(body.tables));
      terminal.say(`next: da admin registry add NAME --source ${source} --source-table TABLE`);
    });

function sourcesText(sources: readonly Source[]): string {
  return textTable(
    [
      { title: 'source' },
      { title: 'type' },
      { title: 'tables', align: 'right' },
      { title: 'schedule' },
      { title: 'busy with' },
    ],
    sources.map((one) => [one.name, one.type, String(one.tables), one.schedule ?? 'instance', one.busy_with ?? '-']),
  );
}

function offersText(offers: readonly OfferedTable[]): string {
  return textTable(
    [
      { title: 'bucket' },
      { title: 'source table' },
      { title: 'kind' },
      { title: 'rows', align: 'right' },
      { title: 'primary key' },
      { title: 'registered as' },
    ],
    offers.map((one) => [
      one.bucket ?? '-',
      one.source_table,
      one.kind,
      humanCount(one.rows),
      one.primary_key.join(', ') || '-',
      one.registered_as.join(', ') || '-',
    ]),
  );
}
