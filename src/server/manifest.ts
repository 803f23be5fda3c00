/** The manifest: what an analyst's machine compares itself with. Built once for each generation. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Catalogue, CatalogueTable } from '../orchestrator/shapes.ts';

const partSchema = z.object({ sha256: z.string(), size_bytes: z.number(), rows: z.number() });

const manifestTable = z
  .object({
    hash: z.string().meta({ description: 'sha256:… over the parts; equal as long as the content is.' }),
    updated: z.string().nullable(),
    size_bytes: z.number().nullable(),
    rows: z.number().nullable(),
    query_mode: z.enum(['local', 'remote']),
    source: z.string(),
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    schema_changes: z
      .array(z.string())
      .meta({ description: 'How the columns differ from those of the content before this one.' }),
    parts: z.array(partSchema),
  })
  .meta({ id: 'ManifestTable' });

export const manifestSchema = z
  .object({ tables: z.record(z.string(), manifestTable), server_time: z.string(), generation: z.number() })
  .meta({ id: 'Manifest' });

/** A serialised manifest without its time, and its tag. */
export interface Manifest {
  /** JSON up to and including `"server_time":`. */
  head: Buffer;
  /** The time is no part of the content, so equal tags do not promise equal bytes. */
  tag: string;
}

export function buildManifest(generation: number, tables: Iterable<CatalogueTable>): Manifest {
  const byId = Object.fromEntries([...tables].filter(hasContent).map((table) => [table.id, manifestEntry(table)]));
  const json = `{"tables":${JSON.stringify(byId)},"generation":${generation},"server_time":`;
  const hash = createHash('sha256').update(json).digest('base64url');
  return { head: Buffer.from(json), tag: `W/"${hash}"` };
}

/** The bytes to send now. */
export function stampManifest({ head }: Manifest, now: Date): Buffer {
  return Buffer.concat([head, Buffer.from(`"${now.toISOString()}"}`)]);
}

/** Keeps the manifest of everything for as long as the catalogue stays the same. */
export class ManifestCache {
  private built: { catalogue: Catalogue; manifest: Manifest } | null = null;

  of(catalogue: Catalogue): Manifest {
    if (this.built?.catalogue !== catalogue) {
      this.built = { catalogue, manifest: buildManifest(catalogue.generation, catalogue.tables.values()) };
    }
    return this.built.manifest;
  }
}

/** A local table without any part was never read: it is unknown, and must not look empty. */
function hasContent(table: CatalogueTable): boolean {
  return table.query_mode === 'remote' || table.parts.length > 0;
}

function manifestEntry(table: CatalogueTable): z.infer<typeof manifestTable> {
  const { hash, updated, size_bytes, rows, query_mode, source, columns, schema_changes, parts } = table;
  return {
    hash,
    updated,
    size_bytes,
    rows,
    query_mode,
    source,
    columns,
    schema_changes,
    parts: parts.map((part) => ({ sha256: part.sha256, size_bytes: part.size_bytes, rows: part.rows })),
  };
}
