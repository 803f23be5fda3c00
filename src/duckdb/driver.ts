/** The driver's values. Required, not imported: an import of this package first reads its 90 files for the names they export, which takes longer than loading them and delays the start of every process. */
import { createRequire } from 'node:module';
import type * as Driver from '@duckdb/node-api';

export const {
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBIntervalValue,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  JsonDuckDBValueConverter,
  ResultReturnType,
  StatementType,
}: typeof Driver = createRequire(import.meta.url)('@duckdb/node-api');
