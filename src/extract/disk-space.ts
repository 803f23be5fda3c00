/** Refuses to start a run that would fill the disk half way. */
import { statfs } from 'node:fs/promises';
import type { TableRequest } from '../connectors/table-request.ts';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { ExtractCatalogue } from '../contract/shapes.ts';
import { AttacheError } from '../errors/attache-error.ts';

const reserveBytes = 64 * 1024 * 1024;

/** A run writes its tables anew before the old ones can go: as much space as they take now, plus a reserve, must be free. */
export async function checkDiskSpace(
  folder: ExtractFolder,
  published: ExtractCatalogue,
  tables: readonly TableRequest[],
): Promise<void> {
  const needed =
    reserveBytes + tables.reduce((sum, table) => sum + (published.tables.get(table.id)?.meta.size_bytes ?? 0), 0);
  const disk = await statfs(folder.work);
  const free = disk.bavail * disk.bsize;
  if (free >= needed) return;
  throw new AttacheError('disk_full', {
    message: `${folder.directory} has ${Math.round(free / 1e6)} MB free, and syncing ${tables.length === 1 ? 'one table' : `${tables.length} tables`} needs about ${Math.round(needed / 1e6)} MB.`,
    hint: 'Free some disk space; the tables keep their data until then.',
    retryable: true,
  });
}
