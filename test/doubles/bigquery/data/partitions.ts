/** Partition ids and bounds, by BigQuery's naming. */
import type { FieldType } from '../model/field-types.ts';
import { ident, text } from '../model/quote.ts';
import { duckType } from '../model/storage-types.ts';
import { findField, type Table, type TimePartitioning } from './table.ts';

const formats: Record<TimePartitioning['type'], string> = {
  HOUR: '%Y%m%d%H',
  DAY: '%Y%m%d',
  MONTH: '%Y%m',
  YEAR: '%Y',
};

/** Rows of the streaming buffer, and integers out of the declared range. */
export const unpartitioned = '__UNPARTITIONED__';

export function isPartitioned(table: Table): boolean {
  return table.timePartitioning !== undefined || table.rangePartitioning !== undefined;
}

/** The column that decides the partition, pseudo-column included. */
export function partitionColumn(table: Table): { name: string; type: FieldType } | undefined {
  const field = table.timePartitioning?.field ?? table.rangePartitioning?.field;
  if (field) return findField(table, field);
  return table.timePartitioning ? { name: '_PARTITIONTIME', type: { kind: 'TIMESTAMP' } } : undefined;
}

/** The partition id of a row that arrives at the given moment. */
export function partitionIdSql(table: Table, arrivalStamp: number): string {
  if (table.timePartitioning) {
    const format = text(formats[table.timePartitioning.type]);
    const { field } = table.timePartitioning;
    if (!field) return `strftime(make_timestamp(${arrivalStamp}), ${format})`;
    return `CASE WHEN ${ident(field)} IS NULL THEN '__NULL__' ELSE strftime(${ident(field)}, ${format}) END`;
  }
  if (table.rangePartitioning) {
    const { field, range } = table.rangePartitioning;
    const c = ident(field);
    return `CASE WHEN ${c} IS NULL THEN '__NULL__' WHEN ${c} < ${range.start} OR ${c} >= ${range.end} THEN '${unpartitioned}' ELSE CAST(${range.start} + ((${c} - ${range.start}) // ${range.interval}) * ${range.interval} AS VARCHAR) END`;
  }
  return 'NULL';
}

/** First and last value of the partition column in the partition whose id the expression gives; NULL for the special ones. */
export function partitionBoundsSql(table: Table, id: string): { low: string; high: string } {
  const plain = `(${id} NOT IN ('__NULL__', '${unpartitioned}'))`;
  if (table.timePartitioning) {
    const unit = table.timePartitioning.type;
    const type = duckType(partitionColumn(table)?.type ?? { kind: 'TIMESTAMP' });
    const start = `strptime(CASE WHEN ${plain} THEN ${id} END, ${text(formats[unit])})`;
    return {
      low: `CAST(${start} AS ${type})`,
      high: `CAST(${start} + INTERVAL 1 ${unit} - INTERVAL 1 MICROSECOND AS ${type})`,
    };
  }
  const start = `CAST(CASE WHEN ${plain} THEN ${id} END AS BIGINT)`;
  return { low: start, high: `(${start} + ${(table.rangePartitioning?.range.interval ?? 1) - 1})` };
}

/** The value of _PARTITIONTIME for a stored row. */
export function partitionTimeSql(table: Table): string {
  return partitionBoundsSql(table, '__part').low;
}
