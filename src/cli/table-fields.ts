/** The options that say something about a registered table, and the fields of the registry they set. */
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface TableOptions {
  sourceTable?: string;
  bucket?: string;
  primaryKey?: string;
  strategy?: string;
  queryMode?: string;
  schedule?: string;
  description?: string;
  options?: Record<string, unknown>;
  profile?: boolean;
}

export function addTableOptions(command: Command): Command {
  return command
    .option('-t, --source-table <name>', 'its name in the source, or a file or glob')
    .option('-b, --bucket <name>', 'schema, bucket or dataset in the source')
    .option('-k, --primary-key <columns>', 'columns that tell rows apart, joined by commas')
    .addOption(new Option('--strategy <name>', 'how it is synced, e.g. full_refresh'))
    .addOption(new Option('--query-mode <mode>', 'local or remote'))
    .option('--schedule <text>', "when it is synced, e.g. 'every 1h'")
    .option('--description <text>', 'what it holds')
    .option('--options <json>', 'what else the connector knows, as a JSON object', jsonObject)
    .option('--no-profile', 'never profile it after a sync; kept for later, nothing profiles yet');
}

/** The fields that were given; a server checks them. */
export function tableFields(options: TableOptions): Record<string, unknown> {
  const fields = {
    source_table: options.sourceTable,
    bucket: options.bucket,
    primary_key: options.primaryKey,
    sync_strategy: options.strategy,
    query_mode: options.queryMode,
    sync_schedule: options.schedule,
    description: options.description,
    options: options.options,
    profile_after_sync: options.profile === false ? false : undefined,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, like any other text that is no object.
  }
  throw new InvalidArgumentError(`Give a JSON object, e.g. '{"delimiter": ";"}'.`);
}
