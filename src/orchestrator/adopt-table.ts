/** Makes parts of our own from a table that stands in a foreign extract as anything DuckDB can read. */
import { join } from 'node:path';
import type { ExaminedTable } from '../contract/examine-catalogue.ts';
import { type Finding, finding } from '../contract/findings.ts';
import type { Column } from '../contract/shapes.ts';
import { identifier, literal, qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { crashPoint } from '../publish/crash-point.ts';
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
): Promise<{ table: FoundTable; problems: Finding[] }> {
  const relation = qualified('main', id);
  const draft = join(scratch, `${id}.parquet`);
  crashPoint('adopt.before-export');
  const columns = await keepInParquet(session, relation);
  const selection = columns.map(({ name, expression }) => `${expression} AS ${identifier(name)}`).join(', ');
  const written = await session.copyToParquet(
    `COPY (SELECT ${selection} FROM ${relation}) TO ${literal(draft)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, RETURN_STATS true)`,
  );
  crashPoint('adopt.after-export');
  const exported = await describeFile(session, draft);
  const part = await sealBelow(
    dataDirectory,
    (sha256) => `adopted/${source}/${id}/${sha256}.parquet`,
    draft,
    written.rows,
  );
  crashPoint('adopt.after-seal');
  const problems =
    meta.rows === null || meta.rows === written.rows
      ? []
      : [finding('rows_differ', id, `${written.rows}, not ${meta.rows}`)];
  const table: FoundTable = {
    description: meta.description,
    updated: meta.extracted_at,
    rows: written.rows,
    size_bytes: part.size_bytes,
    query_mode: 'local',
    columns: exported,
    schema_changes: [],
    parts: [part],
  };
  return { table, problems };
}

async function describeFile(session: Session, file: string): Promise<Column[]> {
  const rows = await session.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM read_parquet(${literal(file)}, hive_partitioning = false)`,
  );
  return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
}
