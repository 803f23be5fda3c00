/** Lists the tables and views of an attached DuckDB catalogue, with columns, keys and estimated sizes. */
import { deriveTableId } from '../../contract/identity.ts';
import { literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import type { DiscoveredTable } from '../connector.ts';
import { keepableType } from './keepable-type.ts';

interface Relation {
  bucket: string;
  source_table: string;
  kind: 'table' | 'view';
  description: string | null;
  rows: string | null;
  columns: { name: string; type: string; nullable: boolean }[];
  primary_key: string[] | null;
}

export async function discoverTables(session: Session, alias: string): Promise<DiscoveredTable[]> {
  const of = `database_name = ${literal(alias)} AND NOT internal`;
  const relations = await session.rows<Relation>(`
    WITH relations AS (
      SELECT schema_name, table_name AS relation, 'table' AS kind, comment, estimated_size FROM duckdb_tables() WHERE ${of}
      UNION ALL
      SELECT schema_name, view_name, 'view', comment, NULL FROM duckdb_views() WHERE ${of}
    ), columns AS (
      SELECT schema_name, table_name AS relation,
        list({'name': column_name, 'type': data_type, 'nullable': is_nullable} ORDER BY column_index) AS columns
      FROM duckdb_columns() WHERE ${of} GROUP BY ALL
    ), keys AS (
      SELECT schema_name, table_name AS relation, constraint_column_names AS primary_key
      FROM duckdb_constraints() WHERE database_name = ${literal(alias)} AND constraint_type = 'PRIMARY KEY'
    )
    SELECT schema_name AS bucket, relation AS source_table, kind, comment AS description, estimated_size AS "rows",
      coalesce(columns, []) AS columns, primary_key
    FROM relations LEFT JOIN columns USING (schema_name, relation) LEFT JOIN keys USING (schema_name, relation)
    ORDER BY ALL`);
  return relations.map(({ columns, primary_key, rows, ...relation }) => ({
    ...relation,
    name: proposedName(relation.source_table),
    columns: columns.map(({ name, type, nullable }) => ({
      name,
      source_type: type,
      type: keepableType(type),
      nullable,
    })),
    primary_key: primary_key ?? [],
    rows: rows === null ? null : Number(rows),
    size_bytes: null,
  }));
}

function proposedName(label: string): string | null {
  try {
    return deriveTableId(label);
  } catch {
    return null;
  }
}
