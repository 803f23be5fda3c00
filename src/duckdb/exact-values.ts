/** Values as JSON that loses nothing: integers are numbers as far as a number is exact and text beyond, decimals and intervals are text. */
import type { DuckDBValueConverter, Json } from '@duckdb/node-api';
import { DuckDBDateValue, DuckDBIntervalValue, DuckDBTypeId, JsonDuckDBValueConverter } from './driver.ts';

const wideIntegers: ReadonlySet<number> = new Set([
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
]);

/** Lists and structs call it again for what they hold. */
export const exactValue: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value === 'bigint' && wideIntegers.has(type.typeId)) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  // The driver takes an infinite date for a day five million years from now.
  if (value instanceof DuckDBDateValue && !value.isFinite) return value.days > 0 ? 'infinity' : '-infinity';
  if (value instanceof DuckDBIntervalValue) return String(value);
  return JsonDuckDBValueConverter(value, type, converter);
};
