/** What type each column really has: below its domains, and inside its array. */

export interface SourceColumn {
  name: string;
  /** As Postgres writes it, e.g. `numeric(12,2)`. */
  declared: string;
  /** The same without length or precision, which a cast would cut or round to. */
  castable: string;
  /** Name and schema of the type below all domains; of the element for an array. */
  base: string;
  baseSchema: string;
  /** b base, c composite, e enum, r range, m multirange, p pseudo. */
  baseKind: string;
  /** Precision, scale or length as Postgres packs them; -1 for none. */
  modifier: number;
  /** 0 for a scalar. */
  dimensions: number;
  nullable: boolean;
}

/**
 * Two common table expressions, to stand behind WITH RECURSIVE; the second, `column_type`, has the fields of `SourceColumn` with `attrelid` and `attnum` for each column of the relations.
 * Domains are followed down to their type, an array to its element, the element again through domains. `relations` is a list of OIDs or a query that gives them.
 */
export function columnTypes(relations: string): string {
  return `
    type_walk AS (
      SELECT a.attrelid, a.attnum, a.atttypid AS type, a.atttypmod AS modifier, 0 AS dimensions, a.attndims::int AS declared_dimensions, 0 AS depth
      FROM pg_catalog.pg_attribute a WHERE a.attrelid IN (${relations}) AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT w.attrelid, w.attnum, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
        CASE WHEN t.typtype = 'd' AND t.typtypmod <> -1 THEN t.typtypmod ELSE w.modifier END,
        CASE WHEN t.typtype = 'd' THEN w.dimensions ELSE greatest(w.declared_dimensions, 1) END,
        CASE WHEN t.typtype = 'd' THEN greatest(w.declared_dimensions, t.typndims) ELSE w.declared_dimensions END, w.depth + 1
      FROM type_walk w JOIN pg_catalog.pg_type t ON t.oid = w.type
      WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1 AND w.dimensions = 0)
    ), column_type AS (
      SELECT DISTINCT ON (a.attrelid, a.attnum) a.attrelid, a.attnum, a.attname AS name,
        pg_catalog.format_type(a.atttypid, a.atttypmod) AS declared, pg_catalog.format_type(a.atttypid, -1) AS castable,
        t.typname AS base, n.nspname AS "baseSchema", t.typtype AS "baseKind", w.modifier, w.dimensions, NOT a.attnotnull AS nullable
      FROM type_walk w
      JOIN pg_catalog.pg_attribute a ON a.attrelid = w.attrelid AND a.attnum = w.attnum
      JOIN pg_catalog.pg_type t ON t.oid = w.type
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      ORDER BY a.attrelid, a.attnum, w.depth DESC
    )`;
}
