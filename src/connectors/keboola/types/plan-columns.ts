/** Column plans of a source table. All paths bring text, so one plan serves them all. Pure. */
import type { ColumnPlan } from '../../read-way.ts';
import type { SourceColumn, SourceTable } from '../describe-table.ts';
import { losesOffset, ruleOf } from './type-rules.ts';

export function planColumns(columns: readonly SourceColumn[], backend: string | null): ColumnPlan[] {
  return columns.map(({ name, declared }, index) => ({
    name,
    sourceType:
      declared === null ? 'text' : `${declared.name}${declared.length === null ? '' : `(${declared.length})`}`,
    // Names that differ only in case could not stand side by side.
    wire: `c${index}`,
    ...ruleOf(declared, backend),
  }));
}

/** What people should know of the columns before they trust them. */
export function columnWarnings(columns: readonly SourceColumn[]): string[] {
  return columns
    .filter(({ declared }) => losesOffset(declared))
    .map(({ name }) => `column ${name} (TIMESTAMP_TZ) is a local time: exports of the service do not carry its offset`);
}

/** DuckDB type of each column as far as declarations tell. */
export function publishedTypes({ columns, backend }: SourceTable): { name: string; type: string }[] {
  return columns.map(({ name, declared }) => ({ name, type: ruleOf(declared, backend).type }));
}
