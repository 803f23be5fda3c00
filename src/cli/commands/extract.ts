/** `da extract`: extracts one source with no server, as a scheduled sync would. */
import type { Command } from 'commander';
import type { InstanceConfig, SourceConfig } from '../../config/shapes.ts';
import { readEnvironment } from '../../environment/environment.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { closest } from '../../errors/closest.ts';
import type { Context } from '../context.ts';
import { extractListed } from '../extract-listed.ts';
import { extractRegistered } from '../extract-registered.ts';
import { tellTable } from '../output/job-text.ts';
import { addConfigOptions, type ConfigOptions, readConfig } from '../read-config.ts';

interface Options extends ConfigOptions {
  tables?: string;
}

export function configure(command: Command, context: Context): void {
  addConfigOptions(command)
    .argument('<source>', 'the name of a configured source')
    .option('--tables <file>', 'take the tables from this JSON or YAML file instead of the registry; - for stdin')
    .addHelpText(
      'before',
      `Reads the source's tables from the registry, publishes what succeeds, and rebuilds the master. A running server keeps
this command out (exit 6): ask it with \`da admin sync --source NAME\` instead. With --tables the registry is not touched,
and only the extract's folder is written.\n
Examples:
  $ da extract crm --data-dir ./data --config instance.yaml
  $ echo '[{"name": "orders", "source_table": "orders"}]' | da extract crm --tables -
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {source, tables: [{id, status, rows, size_bytes, rejected, schema_changes, warnings, error}], notes}.\nExit 0 all well, 3 some tables failed, 1 all failed; failed tables keep their data.',
    )
    .action((source: string, options: Options) => run(source, options, context));
}

async function run(name: string, options: Options, context: Context): Promise<void> {
  const { terminal, signal } = context;
  const config = await readConfig(options, context);
  const task = { config, source: configured(config, name), environment: readEnvironment(), terminal, signal };
  const outcome =
    options.tables === undefined ? await extractRegistered(task) : await extractListed(task, options.tables);
  const { tables, notes } = outcome;
  if (terminal.json) await terminal.document({ source: name, tables, notes });
  for (const table of tables) tellTable(terminal, table);
  for (const note of notes) terminal.say(note);
  const bad = tables.filter((table) => table.status === 'failed' || table.status === 'cancelled').length;
  signal.throwIfAborted();
  context.exit(bad === 0 ? 0 : bad === tables.length ? 1 : 3);
}

function configured(config: InstanceConfig, name: string): SourceConfig {
  const source = config.sources.get(name);
  if (source !== undefined) return source;
  const meant = closest(name, config.sources.keys());
  throw new AttacheError('not_found', {
    message: `No source ${name} is configured.`,
    hint:
      meant === null
        ? `Configured are: ${[...config.sources.keys()].join(', ') || 'none; add some under sources: in instance.yaml'}.`
        : `Did you mean ${meant}?`,
  });
}
