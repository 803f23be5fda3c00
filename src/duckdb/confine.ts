/** Keeps the SQL of strangers inside given folders: whatever a view says, it reads nothing else. */
import { filePattern, literalList } from './quote.ts';
import type { Session } from './session.ts';

/** Confines the session's whole database to files below `folders`, for good. Call it before anything of a stranger is touched. */
export async function confineToFolders(session: Session, folders: readonly string[]): Promise<void> {
  // DuckDB compares texts: where a view names a file by its pattern, the pattern must be allowed as well.
  const places = folders
    .map((folder) => (folder.endsWith('/') ? folder : `${folder}/`))
    .flatMap((folder) => [folder, filePattern(folder)]);
  // The list can only be set while access is still open, and nothing can be set after the lock.
  await session.run(`SET allowed_directories = ${literalList([...new Set(places)])}`);
  await session.run('SET enable_external_access = false');
  await session.run('SET lock_configuration = true');
}

/** Why SQL failed in a confined session, in one line; what the confinement refused, in words for whoever wrote the view. */
export function confinedReason(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const extension = /install the required extension '(\w+)'/.exec(message)?.[1];
  if (extension !== undefined)
    return `it needs the DuckDB extension ${extension}, and extracts of other programs are read without extensions; store its rows in a table instead`;
  const path = /Cannot access (?:file|directory) (".*") - file system operations are disabled/.exec(message)?.[1];
  if (path !== undefined)
    return `it reads ${path}, which is not below the folder of the extract; put the file there itself, no link, and let the view name that place, or store its rows in a table instead`;
  return message.split('\n')[0] as string;
}
