/** The condition that reads some time partitions of a Postgres table. Pure. */
import { identifier, literal } from '../../duckdb/quote.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { nullPartition, type ReadRange, unparsablePartition } from '../table-options.ts';
import type { SourceColumn } from './column-types.ts';

const timeTypes = new Set(['date', 'timestamp', 'timestamptz']);

/** SQL that is true for the rows of the named partitions; borders instead of formatted text, so that an index helps. */
export function partitionCondition(column: SourceColumn, range: ReadRange & { kind: 'partitions' }): string {
  if (!isTime(column)) {
    throw new AttacheError('unsupported', {
      message: `${range.column} is ${column.declared}; only dates and timestamps have time partitions.`,
    });
  }
  const subject = identifier(range.column);
  const conditions = range.values.map((value) => {
    if (value === nullPartition) return `${subject} IS NULL`;
    if (value === unparsablePartition) return `NOT isfinite(${subject})`;
    const start = `CAST(${literal(value + { day: '', month: '-01', year: '-01-01' }[range.granularity])} AS timestamp)`;
    const [from, to] = [start, `${start} + INTERVAL '1 ${range.granularity}'`].map(
      (at) => `CAST(${at} AS ${column.base})`,
    );
    return `(${subject} >= ${from} AND ${subject} < ${to})`;
  });
  return conditions.length === 0 ? 'false' : conditions.join(' OR ');
}

/** Whether a column's values can be cut into days, months and years. */
export function isTime({ base, baseSchema, dimensions }: SourceColumn): boolean {
  return baseSchema === 'pg_catalog' && dimensions === 0 && timeTypes.has(base);
}
