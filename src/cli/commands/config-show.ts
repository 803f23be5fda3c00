/** `da config show`: the configuration as it holds, with where each value came from. */
import type { Command } from 'commander';
import type { InstanceConfig } from '../../config/shapes.ts';
import { maskedSettings } from '../../config/source-settings.ts';
import type { Context } from '../context.ts';
import { textTable } from '../output/text-table.ts';
import { addConfigOptions, type ConfigOptions, readConfig } from '../read-config.ts';

interface Options extends ConfigOptions {
  origin?: boolean;
}

export function configure(command: Command, context: Context): void {
  addConfigOptions(command)
    .option('--host <address>', 'as for serve')
    .option('--port <n>', 'as for serve')
    .option('--origin', 'say where each value comes from')
    .addHelpText(
      'before',
      `Flags beat the environment, the environment beats the file, the file beats defaults. Secrets are masked.\n
Examples:
  $ da config show --config instance.yaml
  $ da config show --origin
`,
    )
    .addHelpText('after', '\nJSON: {values: {path: value}, origins: {path: origin}}.')
    .action((options: Options) => run(options, context));
}

async function run(options: Options, context: Context): Promise<void> {
  const { terminal } = context;
  const config = await readConfig(options, context);
  const values = await flatValues(config);
  const origins = Object.fromEntries([...values.keys()].map((path) => [path, originOf(config, path)]));
  if (terminal.json) return terminal.document({ values: Object.fromEntries(values), origins });
  const columns = [{ title: 'setting' }, { title: 'value' }, ...(options.origin ? [{ title: 'from' }] : [])];
  const rows = [...values].map(([path, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [path, text, ...(options.origin ? [origins[path] as string] : [])];
  });
  await terminal.data(textTable(columns, rows));
}

/** Every value by its dotted path, named as in the file. */
async function flatValues(config: InstanceConfig): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>([
    ['data_dir', config.dataDirectory],
    ['instance.name', config.instance.name],
    ['server.host', config.server.host],
    ['server.port', config.server.port],
    ['server.public_url', config.server.publicUrl],
    ['duckdb.memory_limit', config.duckdb.memoryLimit],
    ['duckdb.threads', config.duckdb.threads],
    ['duckdb.extension_directories', config.duckdb.extensionDirectories],
    ['scheduler.interval', config.scheduler.intervalMs === null ? 'off' : `${config.scheduler.intervalMs / 1000}s`],
    ['limits.extract_memory', config.limits.extractMemoryBytes],
    ['limits.extract_time', `${config.limits.extractTimeMs / 1000}s`],
    ['limits.grace', `${config.limits.graceMs / 1000}s`],
    ['DA_ADMIN_TOKEN', config.adminToken === null ? null : '***'],
  ]);
  for (const source of config.sources.values()) {
    values.set(`sources.${source.name}.type`, source.type);
    if (source.schedule !== null) values.set(`sources.${source.name}.schedule`, source.schedule);
    for (const [key, value] of Object.entries(await maskedSettings(source)))
      if (value !== undefined) values.set(`sources.${source.name}.${key}`, value);
  }
  return values;
}

/** The origin of a value, or of the nearest thing around it that was given as a whole. */
function originOf(config: InstanceConfig, path: string): string {
  if (path === 'DA_ADMIN_TOKEN') return config.adminToken === null ? 'not set' : 'environment DA_ADMIN_TOKEN';
  return config.origins.get(path) ?? config.origins.get(`${path}.0`) ?? 'default';
}
