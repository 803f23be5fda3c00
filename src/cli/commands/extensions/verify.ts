/** `da extensions verify`: loads the extensions that are there, each in a process of its own, with signatures checked. */
import type { Command } from 'commander';
import { extensionFileName } from '../../../duckdb/extension-names.ts';
import { type ExtensionProbe, explainProbe, probeExtension } from '../../../duckdb/probe-extension.ts';
import { errorCodes } from '../../../errors/codes.ts';
import { listExtensions } from '../../../extensions/list.ts';
import { loadInChild } from '../../../extensions/load-in-child.ts';
import type { Context } from '../../context.ts';
import { addConfigOptions, type ConfigOptions, readConfig } from '../../read-config.ts';

export function configure(command: Command, context: Context): void {
  addConfigOptions(command)
    .argument('[name]', 'one extension, e.g. postgres; default: all that lie in the configured folders')
    .addHelpText(
      'before',
      `Examples:
  $ da extensions verify --config instance.yaml
  $ da extensions verify postgres --json
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {ok, extensions: [{name, path, ok, status, message}]}.\nExit 0 when all load, 7 when one does not, 5 when the named one is missing.',
    )
    .action((name: string | undefined, options: ConfigOptions) => run(name, options, context));
}

async function run(name: string | undefined, options: ConfigOptions, context: Context): Promise<void> {
  const { terminal, signal } = context;
  const { extensionDirectories } = (await readConfig(options, context)).duckdb;
  const probes =
    name === undefined
      ? await listExtensions(extensionDirectories, [])
      : [await probeExtension(extensionFileName(name), extensionDirectories)];
  const extensions = [];
  for (const probe of probes) extensions.push(await verify(probe, signal));
  const ok = extensions.every((extension) => extension.ok);
  if (terminal.json) await terminal.document({ ok, extensions });
  for (const { ok: loads, message } of terminal.json ? [] : extensions)
    await terminal.data(`${terminal.paint(loads ? 'green' : 'red', loads ? 'loads' : 'fails')} ${message}\n`);
  if (extensions.length === 0)
    terminal.say(
      extensionDirectories.length === 0
        ? 'No folder for extensions is configured (duckdb.extension_directories).'
        : `There is no extension in ${extensionDirectories.join(', ')}.`,
    );
  const missing = name !== undefined && extensions.some(({ status }) => status === 'missing');
  context.exit(ok ? 0 : missing ? errorCodes.not_found.exit : errorCodes.integrity.exit);
}

async function verify(
  probe: ExtensionProbe,
  signal: AbortSignal,
): Promise<{ name: string; path: string | null; ok: boolean; status: string; message: string }> {
  const { name, path, status } = probe;
  if (status === 'builtin') return { name, path, ok: true, status, message: explainProbe(probe) };
  if (status !== 'available' || path === null) return { name, path, ok: false, status, message: explainProbe(probe) };
  const refusal = await loadInChild(path, signal);
  return refusal === null
    ? { name, path, ok: true, status, message: explainProbe(probe) }
    : { name, path, ok: false, status: 'corrupt', message: `${path}: ${refusal}` };
}
