/** Makes parts of our own from a table that stands in a foreign extract as anything DuckDB can read. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExaminedTable } from '../contract/examine-catalogue.ts';
import { type Finding, finding } from '../contract/findings.ts';
import type { Column, Part } from '../contract/shapes.ts';
import { identifier, literal, qualified } from '../duckdb/quote.ts';
import { readParquet } from '../duckdb/read-files.ts';
import type { Session } from '../duckdb/session.ts';
import { crashPoint } from '../publish/crash-point.ts';
import { cutParquet } from '../publish/cut-parquet.ts';
import { sealBelow } from '../publish/seal-part.ts';
import { keepInParquet } from './keep-in-parquet.ts';
import type { FoundTable } from './look.ts';

/** Writes the rows in their native order, once, and seals them below `adopted/{source}/{table}/`. */
export async function adoptTable(
  session: Session,
  { dataDirectory, source }: { dataDirectory: string; source: string },
  id: string,
  { meta }: ExaminedTable,
  scratch: string,
  partBytes = 96 * 1024 * 1024,
): Promise<{ table: FoundTable; problems: Finding[] }> {
  const relation = qualified('main', id);
  const draft = join(scratch, `${id}.parquet`);
  crashPoint('adopt.before-export');
  const columns = await keepInParquet(session, relation);
  const selection = columns.map(({ name, expression }) => `${expression} AS ${identifier(name)}`).join(', ');
  const written = await session.copyToParquet(
    `COPY (SELECT ${selection} FROM ${relation}) TO ${literal(draft)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${rowGroupRows}, RETURN_STATS true)`,
  );
  crashPoint('adopt.after-export');
  const exported = await describeFile(session, draft);
  const parts = await sealParts(dataDirectory, `adopted/${source}/${id}`, draft, written, partBytes);
  crashPoint('adopt.after-seal');
  const problems =
    meta.rows === null || meta.rows === written.rows
      ? []
      : [finding('rows_differ', id, `${written.rows}, not ${meta.rows}`)];
  const table: FoundTable = {
    description: meta.description,
    updated: meta.extracted_at,
    rows: written.rows,
    size_bytes: parts.reduce((sum, part) => sum + part.size_bytes, 0),
    query_mode: 'local',
    columns: exported,
    schema_changes: [],
    parts,
  };
  return { table, problems };
}

const rowGroupRows = 122_880;

/** Rows of one part, or null when one part holds them all. Doubling steps keep the borders of a table that grows a little. Pure. */
export function adoptedPartRows(rows: number, sizeBytes: number, partBytes: number): number | null {
  if (sizeBytes <= partBytes) return null;
  const groups = (partBytes / sizeBytes) * (rows / rowGroupRows);
  return rowGroupRows * 2 ** Math.max(0, Math.floor(Math.log2(groups)));
}

async function sealParts(
  dataDirectory: string,
  folder: string,
  draft: string,
  { rows, sizeBytes }: { rows: number; sizeBytes: number },
  partBytes: number,
): Promise<Part[]> {
  const partRows = adoptedPartRows(rows, sizeBytes, partBytes);
  const pathOf = (sha256: string) => `${folder}/${sha256}.parquet`;
  if (partRows === null) return [await sealBelow(dataDirectory, pathOf, draft, rows)];
  const parts: Part[] = [];
  for await (const cut of cutParquet(draft, partRows)) {
    parts.push(await sealBelow(dataDirectory, pathOf, cut.path, cut.rows, { knownSha256: cut.sha256 }));
  }
  await rm(draft);
  return parts;
}

async function describeFile(session: Session, file: string): Promise<Column[]> {
  const rows = await session.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM ${readParquet(file)}`,
  );
  return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
}
