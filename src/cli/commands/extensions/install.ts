/** `da extensions install`: puts a DuckDB extension where sources find it. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type DriverIdentity, driverIdentity } from '../../../duckdb/driver-identity.ts';
import { builtinExtensions, extensionFileName } from '../../../duckdb/extension-names.ts';
import { AttacheError } from '../../../errors/attache-error.ts';
import { chooseExtensions } from '../../../extensions/choose.ts';
import { downloadExtension, duckdbRepository } from '../../../extensions/download.ts';
import { placeExtension } from '../../../extensions/place.ts';
import { type BroughtExtension, unpackExtensions } from '../../../extensions/unpack.ts';
import type { Context } from '../../context.ts';
import { addConfigOptions, type ConfigOptions, readConfig } from '../../read-config.ts';

interface Options extends ConfigOptions {
  from?: string;
  to?: string;
  repository: string;
}

export function configure(command: Command, context: Context): void {
  addConfigOptions(command)
    .argument('[name]', 'the extension, e.g. postgres; with --from optional')
    .option('--from <path>', 'a file, a .gz, a wheel, or a folder with any of these; no network is used')
    .option('--to <dir>', 'the folder to put it in (default: the first of duckdb.extension_directories)')
    .addOption(
      new Option('--repository <url>', 'a mirror of DuckDB’s repository').default(duckdbRepository).conflicts('from'),
    )
    .addHelpText(
      'before',
      `Only this command ever fetches an extension. A file must fit DuckDB's version and platform and carry DuckDB's signature;
it is loaded once in a process of its own before it gets its name.\n
Examples:
  $ da extensions install postgres
  $ da extensions install --from ./duckdb_extension_postgres_scanner-1.5.5-py3-none-manylinux2014_x86_64.whl
  $ da extensions install postgres --from /media/usb --to ./extensions
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {directory, configured, installed: [{name, path, version, platform, from}]}.\nExit 5 when it is not there, 7 when the file is damaged or not signed, 8 when the repository cannot be reached.',
    )
    .action((name: string | undefined, options: Options) => run(name, options, context));
}

async function run(asked: string | undefined, options: Options, context: Context): Promise<void> {
  const { terminal, signal } = context;
  const name = nameOf(asked, options);
  const { duckdb } = await readConfig(options, context);
  const directory = targetOf(options, duckdb.extensionDirectories);
  const needs = await driverIdentity();
  const brought = await bring(name, options, needs, signal);
  const installed: { name: string; path: string; version: string; platform: string; from: string }[] = [];
  for (const extension of brought) {
    const path = await placeExtension(extension, directory, needs, signal);
    installed.push({ name: extension.name, path, ...needs, from: extension.from });
    terminal.say(`${extension.name} for DuckDB ${needs.version} on ${needs.platform} is at ${path}`);
  }
  const configured = duckdb.extensionDirectories.includes(directory);
  if (!configured)
    terminal.say(`Sources look there once instance.yaml says\n  duckdb: { extension_directories: [${directory}] }`);
  if (terminal.json) await terminal.document({ directory, configured, installed });
}

function nameOf(asked: string | undefined, { from }: Options): string | null {
  if (asked === undefined && from === undefined)
    throw new AttacheError('usage', {
      message: 'Which extension?',
      hint: 'Name it, e.g. `da extensions install postgres`, or bring it with --from.',
    });
  if (asked === undefined) return null;
  const name = extensionFileName(asked);
  if (builtinExtensions.includes(name))
    throw new AttacheError('conflict', { message: `${name} is built in; there is nothing to install.` });
  return name;
}

function targetOf({ to }: Options, configured: readonly string[]): string {
  if (to !== undefined) return resolve(to);
  if (configured[0] !== undefined) return configured[0];
  throw new AttacheError('config_invalid', {
    message: 'No folder for extensions is configured.',
    hint: 'Put `duckdb: { extension_directories: [./extensions] }` into instance.yaml, or name a folder with --to.',
  });
}

async function bring(
  name: string | null,
  { from, repository }: Options,
  needs: DriverIdentity,
  signal: AbortSignal,
): Promise<BroughtExtension[]> {
  if (from !== undefined) return chooseExtensions(await unpackExtensions(resolve(from)), name, needs, resolve(from));
  const downloaded = await downloadExtension(name!, repository, needs, signal);
  return chooseExtensions([downloaded], name, needs, downloaded.from);
}
