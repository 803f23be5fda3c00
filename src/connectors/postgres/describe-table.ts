/** Reads what the server's catalogue says of one table, view or foreign table, inside the run's snapshot. */
import { literal } from '../../duckdb/quote.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { TableRequest } from '../table-request.ts';
import { columnTypes, type SourceColumn } from './column-types.ts';

export type Query = <Row>(sql: string) => Promise<Row[]>;

/** r table, p partitioned, v view, m materialised view, f foreign table. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f';

export interface SourceTable {
  oid: number;
  schema: string;
  name: string;
  kind: RelationKind;
  /** Rows lie in pages that can be addressed. */
  heap: boolean;
  pages: number;
  /** Stored bytes with those of long values, which lie outside its pages; 0 for what stores nothing. */
  bytes: number;
  /** Estimated bytes of a row; null when never analysed. */
  rowBytes: number | null;
  estimatedRows: number | null;
  columns: SourceColumn[];
  /** Columns of the primary key, else of a unique index over columns that are never NULL; empty without one. */
  key: string[];
  hasChildren: boolean;
}

export async function describeTable(query: Query, table: TableRequest): Promise<SourceTable> {
  const schema = table.bucket ?? 'public';
  const [found] = await query<Omit<SourceTable, 'columns' | 'key'>>(`
    SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
      coalesce(a.amname = 'heap', false) AS heap, c.relhassubclass AS "hasChildren",
      CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) / current_setting('block_size')::int ELSE 0 END::float8 AS pages,
      CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) ELSE 0 END::float8 AS bytes,
      CASE WHEN c.reltuples > 0 AND c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) / c.reltuples END::float8 AS "rowBytes",
      CASE WHEN c.reltuples >= 0 THEN c.reltuples END::float8 AS "estimatedRows"
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
    WHERE n.nspname = ${literal(schema)} AND c.relname = ${literal(table.source_table)} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`);
  if (found === undefined) throw missingTable(schema, table.source_table);
  const [columns, key] = [await columnsOf(query, found.oid), await keyOf(query, found.oid)];
  return { ...found, columns, key };
}

function missingTable(schema: string, name: string): AttacheError {
  return new AttacheError('source_missing', {
    message: `Postgres has no table or view ${JSON.stringify(name)} in the schema ${JSON.stringify(schema)}, or the role may not see it.`,
    hint: 'List what is there with `da admin sources tables`; a bucket is the name of a schema, default public. Names are case-sensitive.',
  });
}

async function columnsOf(query: Query, oid: number): Promise<SourceColumn[]> {
  return query<SourceColumn>(`
    WITH RECURSIVE ${columnTypes(String(oid))}
    SELECT name, declared, castable, base, "baseSchema", "baseKind", modifier, dimensions, nullable
    FROM column_type ORDER BY attnum`);
}

async function keyOf(query: Query, oid: number): Promise<string[]> {
  const [row] = await query<{ key: string[] }>(`
    SELECT array_agg(a.attname::text ORDER BY k.position) AS key
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
    WHERE i.indrelid = ${oid} AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND k.position <= i.indnkeyatts
    GROUP BY i.indexrelid, i.indisprimary HAVING bool_and(coalesce(a.attnotnull, false))
    ORDER BY i.indisprimary DESC, count(*), min(i.indexrelid) LIMIT 1`);
  return row?.key ?? [];
}

/** A table that holds rows of the requested one: itself, a partition, a child. */
export interface StoredTable {
  schema: string;
  name: string;
  kind: RelationKind;
  heap: boolean;
  pages: number;
}

/** The tables below a partitioned table or a parent, in an order that stays, or null when they cannot be read one by one: a right on the parent is no right on its children, and the parent's row policies would not apply. */
export async function storedBelow(query: Query, oid: number): Promise<StoredTable[] | null> {
  const tables = await query<StoredTable & { readable: boolean; policies: boolean }>(`
    WITH RECURSIVE tree AS (
      SELECT ${oid}::oid AS oid
      UNION
      SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
    )
    SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, coalesce(a.amname = 'heap', false) AS heap,
      CASE WHEN c.relkind = 'r' THEN pg_relation_size(c.oid) / current_setting('block_size')::int ELSE 0 END::float8 AS pages,
      has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable, c.relrowsecurity AS policies
    FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`);
  if (tables.some((table) => !table.readable || table.policies)) return null;
  return tables.filter((table) => table.kind !== 'p');
}
