/** A sync of a pushed source: what waits is applied and published, and the tables are told as they are live. */
import { join } from 'node:path';
import { extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import type { ExtractReport, ExtractRequest, TableResult } from '../extract/shapes.ts';
import type { PushedSource } from '../receive/pushed-source.ts';
import type { SyncParts } from './sync-parts.ts';

export async function reportPushed(
  source: PushedSource,
  request: ExtractRequest,
  options: Parameters<SyncParts['extract']>[1] = {},
): Promise<ExtractReport> {
  const started_at = new Date().toISOString();
  const { inbox_depth, lag_ms } = source.status();
  const message = `${inbox_depth} events waited to be applied; the oldest that was not visible was ${Math.round(lag_ms)} ms old.`;
  options.onEvent?.({ kind: 'note', message });
  await source.order('flush');
  const folder = extractFolder(request.dataDirectory, request.source.name);
  const catalogue = await readExtractCatalogue(folder, {
    memoryLimit: '100MB',
    threads: 1,
    tempDirectory: join(folder.work, 'spill'),
  });
  const tables = request.tables.map(({ id }): TableResult => {
    const live = catalogue.tables.get(id);
    return {
      id,
      status: live === undefined ? 'postponed' : 'succeeded',
      rows: live?.meta.rows ?? null,
      size_bytes: live?.meta.size_bytes ?? null,
      rejected: 0,
      schema_changes: [],
      warnings: live === undefined ? ['Nothing has arrived yet.'] : [],
      error: null,
      started_at,
      finished_at: new Date().toISOString(),
    };
  });
  return { source: folder.source, generation: catalogue.generation, tables, notes: [message] };
}
