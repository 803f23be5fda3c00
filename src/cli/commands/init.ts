/** `da init`: makes a folder a workspace. */
import type { Command } from 'commander';
import { createWorkspace, workspaceAt } from '../../workspace/workspace-folder.ts';
import { serverUrl } from '../connect.ts';
import type { Context } from '../context.ts';
import { shellWord } from '../output/shell-word.ts';

interface Options {
  workspace?: string;
  server?: string;
}

export function configure(command: Command, context: Context): void {
  command
    .argument('[dir]', 'the folder (default: --workspace, DA_WORKSPACE, else this one)')
    .option('-w, --workspace <dir>', 'the same as the argument')
    .option('--server <url>', 'the server this workspace belongs to, when it is not the one you signed in to')
    .addHelpText(
      'before',
      `Files that are there already stay untouched.\n
Examples:
  $ da init ~/data
  $ da init ~/data --server https://data.example.com
`,
    )
    .addHelpText('after', '\nJSON: {workspace, server}.')
    .action((directory: string | undefined, options: Options) => run(directory, options, context));
}

async function run(directory: string | undefined, options: Options, { terminal, environment }: Context): Promise<void> {
  const folder = workspaceAt(directory ?? options.workspace ?? (environment.DA_WORKSPACE || process.cwd()));
  const server = options.server === undefined ? null : serverUrl(options.server);
  await createWorkspace(folder, server);
  if (terminal.json) await terminal.document({ workspace: folder.directory, server });
  terminal.say(`${folder.directory} is a workspace. next: da sync --workspace ${shellWord(folder.directory)}`);
}
