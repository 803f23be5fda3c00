/** Turns the columns of a source table into column plans, by the type table. Pure. */
import { identifier } from '../../duckdb/quote.ts';
import type { ColumnPlan } from '../read-way.ts';
import type { SourceColumn } from './column-types.ts';
import {
  anyOther,
  arrayRule,
  composite,
  decimalRule,
  extensionTypes,
  openDecimalRule,
  type TypeRule,
  typeTable,
} from './type-table.ts';

/** A column plan and what the server is asked for. */
export interface WireColumn extends ColumnPlan {
  /** Postgres SQL. */
  select: string;
  /** COPY may have escaped characters in it. */
  escaped: boolean;
}

/** Digits before and behind the point that a numeric without precision needs, by column name; null: only text can keep its values. */
export type OpenDecimals = ReadonlyMap<string, { whole: number; scale: number } | null>;

export function planColumns(columns: readonly SourceColumn[], openDecimals: OpenDecimals): WireColumn[] {
  return columns.map((column, index) => {
    const { type, wire, expression, lossy, escaped } = ruleOf(column, openDecimals);
    return {
      name: column.name,
      sourceType: column.declared,
      wire: `c${index}`,
      type,
      ...(expression === undefined ? {} : { expression }),
      ...(lossy === undefined ? {} : { lossy }),
      select: (wire ?? '$').replaceAll('$', () => identifier(column.name)),
      escaped: escaped ?? false,
    };
  });
}

/** DuckDB type of a column as far as its declaration tells; null when its values decide. */
export function typeOf(column: SourceColumn): string | null {
  return isOpenDecimal(column) ? null : ruleOf(column, new Map()).type;
}

/** `numeric` without a precision: only its values tell how many digits they have. */
export function isOpenDecimal({ base, baseSchema, dimensions, modifier }: SourceColumn): boolean {
  return base === 'numeric' && baseSchema === 'pg_catalog' && dimensions === 0 && modifier === -1;
}

function ruleOf(column: SourceColumn, openDecimals: OpenDecimals): TypeRule {
  const scalar = scalarRule(column, openDecimals);
  return column.dimensions === 0 ? scalar : arrayRule(scalar, column.dimensions);
}

function scalarRule(column: SourceColumn, openDecimals: OpenDecimals): TypeRule {
  const { base, baseSchema, baseKind, modifier } = column;
  if (baseKind === 'c' || base === 'record') return composite;
  if (baseSchema !== 'pg_catalog') return (baseKind === 'b' ? extensionTypes[base] : undefined) ?? anyOther;
  if (base !== 'numeric') return typeTable[base] ?? anyOther;
  if (modifier !== -1) return decimalRule(precisionOf(modifier), scaleOf(modifier));
  const digits = openDecimals.get(column.name);
  return digits ? openDecimalRule(digits.whole, digits.scale) : { type: 'VARCHAR' };
}

export function precisionOf(modifier: number): number {
  return ((modifier - 4) >> 16) & 0xffff;
}

/** Eleven bits with a sign. */
export function scaleOf(modifier: number): number {
  return (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
}
