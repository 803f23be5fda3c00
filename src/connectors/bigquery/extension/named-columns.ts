/** The extension's relation in the shape of every other way's: the chosen columns by position, checked for the types they should arrive in. */
import { identifier } from '../../../duckdb/quote.ts';
import type { Session } from '../../../duckdb/session.ts';
import type { Field } from '../fields.ts';
import { arrivesAs } from './arrives.ts';

export function namedColumns(relation: string, fields: readonly Field[], nameOf: (index: number) => string): string {
  const columns = fields.map((field, index) => `${identifier(field.name)} AS ${nameOf(index)}`);
  return `(SELECT ${columns.join(', ')} FROM ${relation})`;
}

/** Binds the relation, which reads no rows. A type that arrives otherwise than planned would give other bytes. */
export async function checkTypes(session: Session, relation: string, fields: readonly Field[]): Promise<void> {
  const found = await typesOf(
    session,
    fields.map((field) => identifier(field.name)),
    `FROM ${relation}`,
  );
  const planned = await typesOf(
    session,
    fields.map((field) => `CAST(NULL AS ${arrivesAs(field)})`),
    '',
  );
  const wrong = fields.findIndex((_, index) => found[index] !== planned[index]);
  if (wrong !== -1)
    throw new Error(`column ${fields[wrong]!.name} arrives as ${found[wrong]}, not as ${planned[wrong]}`);
}

async function typesOf(session: Session, values: readonly string[], from: string): Promise<string[]> {
  const list = values.map((value, index) => `${value} AS v${index}`).join(', ');
  const described = await session.rows<{ column_type: string }>(`DESCRIBE SELECT ${list} ${from}`);
  return described.map((column) => column.column_type);
}
