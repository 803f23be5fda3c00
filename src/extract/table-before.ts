/** What is published of a table and can be built on. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TableRequest } from '../connectors/table-request.ts';
import type { Column, ExtractTable } from '../contract/shapes.ts';
import type { Run } from './run.ts';
import { requestHash, stateOf, type TableState } from './table-state.ts';

export interface Before {
  /** What is live, whatever made it. */
  table: ExtractTable | null;
  /** What the runner remembers of it; null when nothing can be built on: nothing is published, a part is missing, or the registration asks for other content. */
  state: TableState | null;
  /** The published columns, or null when nothing is published. */
  columns: Column[] | null;
}

export async function publishedBefore(run: Pick<Run, 'folder' | 'published'>, table: TableRequest): Promise<Before> {
  const published = run.published.tables.get(table.id) ?? null;
  const state = stateOf(published?.record ?? null);
  const columns = published?.record?.columns ?? null;
  if (published === null || state === null || state.request !== requestHash(table))
    return { table: published, state: null, columns };
  const sizes = await Promise.all(
    published.parts.map((part) =>
      stat(join(run.folder.directory, part.path)).then(
        (file) => file.size === part.size_bytes,
        () => false,
      ),
    ),
  );
  return { table: published, state: sizes.every(Boolean) ? state : null, columns };
}
