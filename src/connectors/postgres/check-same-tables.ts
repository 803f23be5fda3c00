/**
 * Makes sure that what a statement read is what the snapshot means.
 *
 * TRUNCATE, a rewriting ALTER TABLE, and DROP with CREATE under the same name are no part of a snapshot: to one that is older, the table simply looks empty. After the statement its
 * tables are locked against all three until the transaction ends, so what is true then was true while it read.
 */
import { AttacheError } from '../../errors/attache-error.ts';
import type { Query } from './describe-table.ts';

const firstOwnOid = 16_384;

/** To be asked in the transaction of the statement, behind it. */
export async function checkSameTables(query: Query): Promise<void> {
  const replaced = await query<{ name: string }>(`
    SELECT l.relation::regclass::text AS name
    FROM pg_catalog.pg_locks l
    LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= ${firstOwnOid}
      AND CASE WHEN c.oid IS NULL THEN (pg_identify_object('pg_catalog.pg_class'::regclass, l.relation, 0)).type IN ('table', 'materialized view')
        ELSE c.relkind IN ('r', 'm') AND c.relfilenode <> pg_relation_filenode(c.oid) END`);
  if (replaced.length === 0) return;
  throw new AttacheError('source_failed', {
    message: `Postgres: ${replaced.map((table) => table.name).join(', ')} was replaced, emptied or rewritten while the run went on, so its rows at the run’s instant are gone.`,
    hint: 'The table keeps its data; the next run reads the new content.',
    retryable: true,
  });
}
