/** Unregisters a table: registry row, state, files and views go together. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExtractFolder, extractFolder } from '../../contract/extract-folder.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { deleteHistory } from '../../system/sync-history.ts';
import { deleteState } from '../../system/sync-state.ts';
import { deleteTable, type RegisteredTable } from '../../system/table-registry.ts';
import { deleteOwners } from '../../system/view-ownership.ts';
import type { ServerParts } from '../server-parts.ts';

/** Throws `locked` while the source is being extracted: a run that ends later would bring the table back. Throws `conflict` for a table its source fills by itself. */
export async function removeTable(parts: ServerParts, table: RegisteredTable): Promise<void> {
  const { sync, state, master, config, pushed } = parts;
  if (pushed.get(table.source_name)?.fills(table.id) === true) {
    throw new AttacheError('conflict', {
      message: `The source ${table.source_name} pushes, and would bring ${table.id} back with its next event.`,
      hint: 'Take the source out of the configuration and restart; then its tables can be unregistered.',
    });
  }
  const busy = sync.busyWith(table.source_name);
  if (busy !== null) {
    throw new AttacheError('locked', {
      message: `The source ${table.source_name} is being synced by ${busy}.`,
      hint: `Wait until it has finished, or cancel it: DELETE /api/jobs/${busy}.`,
      retryable: true,
    });
  }
  const folder = extractFolder(config.dataDirectory, table.source_name);
  await sync.whileQuiet(table.source_name, async () => {
    const ours = await master.forget(table.source_name, table.id);
    await state.write(async (session) => {
      await deleteTable(session, table.id);
      await deleteState(session, table.id);
      await deleteHistory(session, table.id);
      await deleteOwners(session, [table.id]);
    });
    await state.checkpoint();
    await master.rebuild();
    if (ours) await removeFiles(folder, table.id);
  });
}

/** At once and without a grace time: whoever deletes a table wants its data gone. No view names the files any more. */
async function removeFiles(folder: ExtractFolder, id: string): Promise<void> {
  await rm(join(folder.data, id), { recursive: true, force: true });
  const rejects = join(folder.work, 'rejects');
  for (const run of await readdir(rejects).catch(() => [] as string[])) {
    await rm(join(rejects, run, `${id}.ndjson`), { force: true });
  }
}
