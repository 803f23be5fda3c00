/** Time partitions of a Postgres table: which there are, and a fingerprint of each. Times are compared in UTC, the session's zone. */
import { identifier, literal, qualified } from '../../duckdb/quote.ts';
import { nullPartition, unparsablePartition } from '../table-options.ts';
import type { TableRequest } from '../table-request.ts';
import { describeTable } from './describe-table.ts';
import { explainError } from './explain-error.ts';
import { isTime } from './partition-condition.ts';
import { columnOf, rowFilter } from './row-filter.ts';
import type { Snapshot } from './snapshot.ts';

const formats = { day: 'YYYY-MM-DD', month: 'YYYY-MM', year: 'YYYY' } as const;
/** Years that every formatter writes alike. */
const plainYears = { from: '0001-01-01', before: '10000-01-01' };
const odd = '__odd';

/**
 * The partitions with a value that changes with their content: of the cursor where one is registered, else of whole rows, both counted and summed over hashes
 * on the server. Null when the column is no time, or holds times that are written differently elsewhere.
 */
export async function listPartitions(
  snapshot: Snapshot,
  table: TableRequest,
): Promise<{ value: string; fingerprint: string }[] | null> {
  const { partition_by: by, granularity = 'month', cursor } = table.options;
  if (by === undefined || granularity === 'hash') return null;
  try {
    const source = await describeTable(snapshot.ask, table);
    const column = columnOf(source, by);
    if (!isTime(column)) return null;
    const subject = identifier(by);
    const content = cursor === undefined ? 't::text' : `t.${identifier(cursor)}::text`;
    const conditions = rowFilter(source, table.options.where ?? [], { kind: 'all' });
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map((each) => `(${each})`).join(' AND ')}`;
    const rows = await snapshot.ask<{ value: string; fingerprint: string }>(
      `SELECT CASE WHEN ${subject} IS NULL THEN ${literal(nullPartition)} WHEN NOT isfinite(${subject}) THEN ${literal(unparsablePartition)}
         WHEN ${subject} < ${literal(plainYears.from)} OR ${subject} >= ${literal(plainYears.before)} THEN ${literal(odd)}
         ELSE to_char(${subject}, ${literal(formats[granularity])}) END AS value,
         count(*)::text || ':' || coalesce(sum(hashtextextended(${content}, 0)::numeric), 0)::text AS fingerprint
       FROM ${qualified(source.schema, source.name)} AS t${where} GROUP BY 1`,
    );
    return rows.some((row) => row.value === odd) ? null : rows;
  } catch (thrown) {
    throw explainError(thrown, `listing the partitions of ${table.bucket ?? 'public'}.${table.source_table}`);
  }
}
