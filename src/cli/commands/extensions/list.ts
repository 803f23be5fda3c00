/** `da extensions list`: which DuckDB extensions are there, and which sources use them. */
import type { Command } from 'commander';
import { driverIdentity } from '../../../duckdb/driver-identity.ts';
import { explainProbe } from '../../../duckdb/probe-extension.ts';
import { listExtensions } from '../../../extensions/list.ts';
import type { Context } from '../../context.ts';
import { extensionUsers } from '../../extension-users.ts';
import { textTable } from '../../output/text-table.ts';
import { addConfigOptions, type ConfigOptions, readConfig } from '../../read-config.ts';

export function configure(command: Command, context: Context): void {
  addConfigOptions(command)
    .addHelpText(
      'before',
      `Looks in the folders of duckdb.extension_directories, and for what the configured sources could use. No source needs an
extension; one that is there makes some of them faster.\n
Examples:
  $ da extensions list --config instance.yaml
  $ da extensions list --json
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {duckdb: {version, platform}, directories, extensions: [{name, status, path, built_for, sources, explanation}]}.\nStatus: available, missing, wrong_version, wrong_platform, unsigned, corrupt.',
    )
    .action((options: ConfigOptions) => run(options, context));
}

async function run(options: ConfigOptions, context: Context): Promise<void> {
  const { terminal } = context;
  const { duckdb, sources } = await readConfig(options, context);
  const users = await extensionUsers(sources.values());
  const probes = await listExtensions(duckdb.extensionDirectories, users.keys());
  const identity = await driverIdentity();
  const extensions = probes.map((probe) => ({
    name: probe.name,
    status: probe.status,
    path: probe.path,
    built_for: probe.builtFor,
    sources: users.get(probe.name) ?? [],
    explanation: explainProbe(probe),
  }));
  if (terminal.json)
    return terminal.document({ duckdb: identity, directories: duckdb.extensionDirectories, extensions });
  terminal.say(
    `DuckDB ${identity.version} on ${identity.platform}; folders: ${duckdb.extensionDirectories.join(', ') || 'none configured (duckdb.extension_directories)'}`,
  );
  const rows = extensions.map(({ name, status, sources: used, explanation }) => [
    name,
    status,
    used.join(', ') || '-',
    explanation,
  ]);
  await terminal.data(
    textTable([{ title: 'extension' }, { title: 'status' }, { title: 'sources' }, { title: 'why', wide: true }], rows),
  );
}
