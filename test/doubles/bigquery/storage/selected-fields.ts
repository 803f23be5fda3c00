/** Column selection of a read session: whole columns, or fields of structs by dotted names; the table's order stays. */
import { status } from '@grpc/grpc-js';
import type { Field, FieldType } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';
import { StatusError } from './status-error.ts';

export function selectFields(fields: Field[], selected: string[]): Field[] {
  if (selected.length === 0) return fields;
  const unknown = selected.find((path) => !exists(fields, path.split('.')));
  if (unknown) {
    throw new StatusError(
      status.INVALID_ARGUMENT,
      `request failed: The following selected fields do not exist in the table schema: ${unknown}`,
    );
  }
  return fields.flatMap((field) => {
    const paths = selected.map((path) => path.split('.')).filter(([first]) => same(first!, field.name));
    if (paths.length === 0) return [];
    if (paths.some((p) => p.length === 1) || field.type.kind !== 'STRUCT') return [field];
    const inner = selectFields(
      field.type.fields,
      paths.map((p) => p.slice(1).join('.')),
    );
    return [{ ...field, type: { kind: 'STRUCT', fields: inner } as FieldType }];
  });
}

/** The selected part of a column, as a DuckDB expression. */
export function selectedValue(sql: string, type: FieldType): string {
  if (type.kind !== 'STRUCT') return sql;
  const parts = type.fields.map((f) => `${ident(f.name)}: ${selectedValue(`(${sql}).${ident(f.name)}`, f.type)}`);
  return `CASE WHEN ${sql} IS NULL THEN NULL ELSE {${parts.join(', ')}} END`;
}

function exists(fields: Field[], [first, ...rest]: string[]): boolean {
  const field = fields.find((f) => same(f.name, first!));
  if (!field) return false;
  return rest.length === 0 || (field.type.kind === 'STRUCT' && exists(field.type.fields, rest));
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
