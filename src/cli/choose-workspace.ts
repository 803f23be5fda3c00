/** Which workspace a command means: `--workspace`, else `DA_WORKSPACE`, else the one the current folder lies in. */
import type { Command } from 'commander';
import { findWorkspace, type WorkspaceFolder, workspaceAt } from '../workspace/workspace-folder.ts';
import type { Context } from './context.ts';

export function addWorkspaceOption(command: Command): Command {
  return command.option(
    '-w, --workspace <dir>',
    'the workspace (default: DA_WORKSPACE, else the one around this folder)',
  );
}

export async function chooseWorkspace(
  options: { workspace?: string },
  { environment }: Context,
): Promise<WorkspaceFolder> {
  const named = options.workspace ?? environment.DA_WORKSPACE;
  if (named !== undefined && named !== '') return workspaceAt(named);
  return (await findWorkspace(process.cwd())) ?? workspaceAt(process.cwd());
}
