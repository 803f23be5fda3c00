/** How the two backends' column types are kept in DuckDB, and how each prints in a CSV slice. */
import type { Backend, Column } from '../world.ts';

/** Basetype that the service derives from a declared type. */
export function basetypeOf(type: string, length: string | number | undefined): string {
  const name = type.toUpperCase();
  if (['NUMBER', 'DECIMAL', 'NUMERIC', 'BIGNUMERIC'].includes(name)) {
    return String(length ?? '38,0').split(',')[1] === '0' && name !== 'BIGNUMERIC' ? 'INTEGER' : 'NUMERIC';
  }
  if (['INT64', 'INTEGER', 'INT', 'BIGINT'].includes(name)) return 'INTEGER';
  if (['FLOAT', 'DOUBLE', 'REAL', 'FLOAT64'].includes(name)) return 'FLOAT';
  if (['BOOLEAN', 'BOOL'].includes(name)) return 'BOOLEAN';
  if (name === 'DATE') return 'DATE';
  if (name.startsWith('TIMESTAMP') || name === 'DATETIME') return 'TIMESTAMP';
  return 'STRING';
}

export function storageType(column: Column, backend: Backend): string {
  if (!column.definition) return 'VARCHAR';
  const name = column.definition.type.toUpperCase();
  const length = column.definition.length === undefined ? undefined : String(column.definition.length);
  if (['NUMBER', 'DECIMAL', 'NUMERIC'].includes(name)) {
    return `DECIMAL(${(length ?? (backend === 'bigquery' ? '38,9' : '38,0')).replace(/^(\d+)$/, '$1,0')})`;
  }
  if (['INT64', 'INTEGER', 'INT', 'BIGINT'].includes(name)) return backend === 'bigquery' ? 'BIGINT' : 'DECIMAL(38,0)';
  if (['FLOAT', 'DOUBLE', 'REAL', 'FLOAT64'].includes(name)) return 'DOUBLE';
  if (['BOOLEAN', 'BOOL'].includes(name)) return 'BOOLEAN';
  if (name === 'DATE') return 'DATE';
  if (name === 'TIME') return 'TIME';
  if (['TIMESTAMP_NTZ', 'DATETIME'].includes(name)) return 'TIMESTAMP';
  if (name === 'TIMESTAMP_LTZ' || (name === 'TIMESTAMP' && backend === 'bigquery')) return 'TIMESTAMPTZ';
  if (name === 'TIMESTAMP') return 'TIMESTAMP';
  // A TIMESTAMP_TZ keeps the offset it was written with, so it is kept as its text.
  return 'VARCHAR';
}

export function isZoned(column: Column): boolean {
  return /^TIMESTAMP_(TZ|LTZ)$/i.test(column.definition?.type ?? '');
}

/** Columns whose CSV cells Snowflake encloses in quotes. */
export function printsAsText(column: Column): boolean {
  return (
    !column.definition ||
    (basetypeOf(column.definition.type, column.definition.length) === 'STRING' &&
      column.definition.type.toUpperCase() !== 'TIME')
  );
}

/** The SQL expression for one CSV cell. */
export function csvCell(
  expression: string,
  column: Column,
  dialect: { backend: Backend; fractions: boolean; timezone?: string },
): string {
  if (!column.definition) return dialect.backend === 'bigquery' ? `nullif(${expression}, '')` : expression;
  const name = column.definition.type.toUpperCase();
  const format = dialect.fractions || dialect.backend === 'bigquery' ? '%Y-%m-%d %H:%M:%S.%f' : '%Y-%m-%d %H:%M:%S';
  if (dialect.backend === 'bigquery') {
    if (name === 'TIMESTAMP') return `strftime(${expression} AT TIME ZONE 'UTC', '${format}') || ' UTC'`;
    if (name === 'DATETIME') return `strftime(${expression}, '${format}')`;
    return storageType(column, 'bigquery') === 'VARCHAR' ? `nullif(${expression}, '')` : `${expression}::VARCHAR`;
  }
  if (name === 'TIMESTAMP_LTZ') {
    return `strftime(${expression} AT TIME ZONE '${(dialect.timezone ?? 'UTC').replaceAll("'", "''")}', '${format}')`;
  }
  // The wall clock of the value's own offset, and no word of the offset.
  if (name === 'TIMESTAMP_TZ') {
    return `strftime(regexp_replace(${expression}, ' ?(Z|[+-]\\d\\d:?\\d\\d)$', '')::TIMESTAMP, '${format}')`;
  }
  if (storageType(column, 'snowflake') === 'TIMESTAMP') return `strftime(${expression}, '${format}')`;
  if (name === 'TIME') return `strftime(DATE '2000-01-01' + ${expression}, '%H:%M:%S')`;
  return `${expression}::VARCHAR`;
}
