/** The catalogue as it stands on disk: enough to serve, and to know what has changed, without opening any extract. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Column, Part, QueryMode } from '../contract/shapes.ts';
import { tableHash } from '../contract/table-hash.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { crashPoint } from '../publish/crash-point.ts';
import type { Catalogue, CatalogueTable, Problem } from './shapes.ts';

/** Paths of parts are relative to the data folder, so that the folder can be moved. */
export interface SavedTable {
  description: string | null;
  updated: string | null;
  rows: number | null;
  size_bytes: number | null;
  query_mode: QueryMode;
  columns: Column[];
  schema_changes: string[];
  parts: Part[];
  stale: string | null;
  /** False when the parts cannot be bound at present, so that the master has no view of it. */
  view: boolean;
}

export interface SavedSource {
  /** Our own publisher wrote it: then the stat of `extract.duckdb` alone tells whether it changed. */
  ours: boolean;
  /** Of what was last looked at, with whatever outcome. Null: look again. */
  signature: string | null;
  /** Why it could not be read as a whole. */
  failure: { code: Problem['code']; message: string } | null;
  problems: Omit<Problem, 'source'>[];
  tables: Record<string, SavedTable>;
}

export interface SavedCatalogue {
  version: 1;
  generation: number;
  /** The folder the master's views point into. */
  dataDirectory: string;
  /** Signature of the master this catalogue describes. */
  master: string | null;
  /** By flat name, the source that owns it. */
  claims: Record<string, string>;
  sources: Record<string, SavedSource>;
}

function emptyCatalogue(dataDirectory: string): SavedCatalogue {
  return { version: 1, generation: 0, dataDirectory, master: null, claims: {}, sources: {} };
}

/** The saved catalogue; an empty one when there is none that can be read, which makes the next rebuild a full one. */
export function loadCatalogue(path: string, dataDirectory: string): SavedCatalogue {
  try {
    const saved = JSON.parse(readFileSync(path, 'utf8')) as SavedCatalogue;
    return saved.version === 1 ? saved : emptyCatalogue(dataDirectory);
  } catch {
    return emptyCatalogue(dataDirectory);
  }
}

export async function saveCatalogue(path: string, catalogue: SavedCatalogue, scratch: string): Promise<void> {
  const draft = join(scratch, 'catalogue.json');
  await writeFile(draft, JSON.stringify(catalogue));
  await syncFile(draft);
  await mkdir(dirname(path), { recursive: true });
  crashPoint('saved-catalogue.before-rename');
  await renameDurably(draft, path);
  crashPoint('saved-catalogue.after-rename');
}

/** The catalogue as others read it. A source that is the same object as in `before` is taken over from what was `open` then. */
export function openCatalogue(
  saved: SavedCatalogue,
  dataDirectory: string,
  before: { saved: SavedCatalogue; open: Catalogue } | null = null,
): Catalogue {
  const sources = new Map(
    Object.entries(saved.sources).map(([name, source]) => [
      name,
      (source === before?.saved.sources[name] ? before.open.sources.get(name) : undefined) ??
        new Map(
          Object.entries(source.tables).map(([id, table]) => [id, asCatalogueTable(id, name, table, dataDirectory)]),
        ),
    ]),
  );
  const tables = new Map<string, CatalogueTable>();
  for (const [id, source] of Object.entries(saved.claims)) {
    const table = sources.get(source)?.get(id);
    if (table !== undefined) tables.set(id, table);
  }
  return { generation: saved.generation, tables, sources };
}

function asCatalogueTable(id: string, source: string, table: SavedTable, dataDirectory: string): CatalogueTable {
  const { description, updated, rows, size_bytes, query_mode, columns, stale, schema_changes } = table;
  const parts = table.parts.map(({ path, ...part }) => ({ ...part, file: join(dataDirectory, path) }));
  const hash = tableHash(parts);
  return {
    id,
    source,
    description,
    hash,
    updated,
    rows,
    size_bytes,
    query_mode,
    columns,
    parts,
    stale,
    schema_changes,
  };
}
