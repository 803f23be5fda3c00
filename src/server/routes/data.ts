/** `/api/data/…`: tables as files. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { extractFolder, partPath } from '../../contract/extract-folder.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { CatalogueTable } from '../../orchestrator/shapes.ts';
import { sendFile } from '../files/send-file.ts';
import { defineRoute, type Route } from '../route.ts';
import { identity } from '../schemas/names.ts';
import type { ServerParts } from '../server-parts.ts';

const parquet = 'application/vnd.apache.parquet';

const fileAnswers = {
  200: { description: 'The whole file', media: parquet },
  206: { description: 'The range that was asked for', media: parquet },
  304: { description: 'The file is the one If-None-Match names' },
};

export function dataRoutes({ config, master, merged }: ServerParts): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/data/{table}/download',
      summary: 'A table as one Parquet file',
      action: 'read_table',
      table: 'table',
      params: z.object({ table: identity }),
      answers: fileAnswers,
      handle: async ({ params, request, reply }) => {
        const table = await localTable(params.table);
        const [only] = table.parts;
        const single = only !== undefined && table.parts.length === 1 ? only : null;
        const file = single === null ? await merged.of(table) : { path: single.file, sizeBytes: single.size_bytes };
        return sendFile(request, reply, {
          ...file,
          hash: table.hash,
          sha256: single?.sha256 ?? null,
          downloadName: `${table.id}.parquet`,
          cacheControl: 'private, no-cache',
        });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/data/{table}/parts/{sha256}',
      summary: 'One part of a table; its bytes never change',
      action: 'read_table',
      table: 'table',
      params: z.object({ table: identity, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      answers: fileAnswers,
      handle: async ({ params, request, reply }) => {
        const table = await localTable(params.table);
        const part = table.parts.find(({ sha256 }) => sha256 === params.sha256);
        const path = part?.file ?? (await retiredPart(table, params.sha256));
        return sendFile(request, reply, {
          path,
          sizeBytes: part?.size_bytes ?? null,
          hash: `sha256:${params.sha256}`,
          sha256: params.sha256,
          downloadName: `${table.id}-${params.sha256.slice(0, 12)}.parquet`,
          cacheControl: 'private, max-age=31536000, immutable',
        });
      },
    }),
  ];

  async function localTable(id: string): Promise<CatalogueTable> {
    const table = master.catalogue().tables.get(id) ?? (await master.settled()).tables.get(id);
    if (table === undefined) {
      throw new AttacheError('not_found', {
        message: `There is no table ${id}, or nothing of it has been synced yet.`,
        hint: 'See GET /api/catalog/tables for what there is and how its last sync ended.',
      });
    }
    if (table.query_mode === 'local' && table.parts.length > 0) return table;
    throw new AttacheError('unsupported', {
      message: `The table ${id} is ${table.query_mode === 'remote' ? 'queried at its source' : 'not available at present'} and cannot be downloaded.`,
      hint: table.stale ?? 'Register it with query_mode local to have a copy.',
    });
  }

  /** A part that an older manifest named stays readable for its grace time. */
  async function retiredPart(table: CatalogueTable, sha256: string): Promise<string> {
    const path = join(extractFolder(config.dataDirectory, table.source).directory, partPath(table.id, sha256));
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
    throw new AttacheError('not_found', {
      message: `The table ${table.id} has no such part, or not any more.`,
      hint: 'Ask for the manifest again: the table has moved on.',
      retryable: true,
    });
  }
}
