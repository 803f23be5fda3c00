/** Lists what the role may read: tables, partitioned tables, views, materialised views, foreign tables. */
import { deriveTableId } from '../../contract/identity.ts';
import type { DiscoveredTable } from '../connector.ts';
import { columnTypes, type SourceColumn } from './column-types.ts';
import type { Query, RelationKind } from './describe-table.ts';
import { typeOf } from './plan-columns.ts';

const kinds: Record<RelationKind, string> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

interface Found {
  bucket: string;
  source_table: string;
  kind: RelationKind;
  description: string | null;
  rows: number | null;
  size_bytes: number | null;
  columns: SourceColumn[];
  primary_key: string[];
}

/** Partitions are left out: their parent stands for them. */
export async function discoverTables(query: Query): Promise<DiscoveredTable[]> {
  const found = await query<Found>(`
    WITH RECURSIVE relation AS (
      SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples, c.relhassubclass
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
        AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
    ), ${columnTypes('SELECT oid FROM relation')}, columns AS (
      SELECT attrelid, json_agg(column_type ORDER BY attnum) AS columns FROM column_type GROUP BY attrelid
    )
    SELECT r.nspname AS bucket, r.relname AS source_table, r.relkind AS kind, pg_catalog.obj_description(r.oid, 'pg_class') AS description,
      CASE WHEN r.relkind IN ('r', 'm', 'p') AND r.reltuples >= 0 AND NOT (r.relhassubclass AND r.relkind = 'r') THEN r.reltuples::float8 END AS rows,
      CASE WHEN r.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(r.oid)::float8
        WHEN r.relkind = 'p' THEN (SELECT sum(pg_catalog.pg_table_size(p.relid)) FROM pg_catalog.pg_partition_tree(r.oid) p)::float8 END AS size_bytes,
      coalesce(columns.columns, '[]') AS columns,
      coalesce((SELECT array_agg(a.attname::text ORDER BY k.position) FROM pg_catalog.pg_index i
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = r.oid AND i.indisprimary AND k.position <= i.indnkeyatts), '{}') AS primary_key
    FROM relation r LEFT JOIN columns ON columns.attrelid = r.oid
    ORDER BY r.nspname COLLATE "C", r.relname COLLATE "C"`);
  return found.map(({ columns, kind, source_table, ...rest }) => ({
    ...rest,
    source_table,
    kind: kinds[kind],
    name: proposedName(source_table),
    columns: columns.map((column) => ({
      name: column.name,
      source_type: column.declared,
      type: typeOf(column),
      nullable: column.nullable,
    })),
  }));
}

function proposedName(label: string): string | null {
  try {
    return deriveTableId(label);
  } catch {
    return null;
  }
}
