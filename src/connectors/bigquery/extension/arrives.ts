/** In which DuckDB type the extension brings a field, where it keeps every value of it. Data, from reading the extension's code; what arrives otherwise is read natively. Pure. */
import { identifier } from '../../../duckdb/quote.ts';
import { duckType } from '../duck-types.ts';
import type { Field } from '../fields.ts';

/**
 * The type in which the field arrives, or null where the extension may change it: BIGNUMERIC has a text of its own, GEOGRAPHY becomes another type, INTERVAL and RANGE fail.
 * TIMESTAMP arrives as the wall clock of UTC, which is our sessions' zone, so a cast brings the instant back.
 */
export function arrivesAs(field: Field): string | null {
  const one = elementArrivesAs(field);
  return one === null || !field.repeated ? one : `${one}[]`;
}

function elementArrivesAs(field: Field): string | null {
  switch (field.kind) {
    case 'BIGNUMERIC':
    case 'GEOGRAPHY':
    case 'INTERVAL':
    case 'RANGE':
      return null;
    case 'TIMESTAMP':
      return 'TIMESTAMP';
    case 'JSON':
      return 'VARCHAR';
    case 'STRUCT':
      return structArrivesAs(field.fields);
    default:
      return duckType({ ...field, repeated: false });
  }
}

function structArrivesAs(fields: readonly Field[]): string | null {
  const parts = fields.map((inner) => [inner.name, arrivesAs(inner)] as const);
  if (parts.some(([, type]) => type === null)) return null;
  return `STRUCT(${parts.map(([name, type]) => `${identifier(name)} ${type}`).join(', ')})`;
}
