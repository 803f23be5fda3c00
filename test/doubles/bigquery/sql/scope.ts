/** Finds what a name means: a column of a relation, a relation, a field of a struct. */
import type { FieldType } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';
import { invalidQuery } from '../rest/service-error.ts';
import type { Column, Compiled, Relation, Scope } from './compiled.ts';

export function resolvePath(parts: string[], scope: Scope): Compiled {
  for (let s: Scope | undefined = scope; s; s = s.outer) {
    const found = resolveIn(parts, s);
    if (found) return found;
  }
  throw invalidQuery(`Unrecognized name: ${parts.join('.')}`);
}

function resolveIn([first, ...rest]: string[], scope: Scope): Compiled | undefined {
  const matches = scope.relations.flatMap((r) => r.columns.filter((c) => same(c.name, first!)));
  if (matches.length > 1) throw invalidQuery(`Column name ${first} is ambiguous`);
  if (matches[0]) return fieldsOf(readColumn(matches[0]), rest);
  const relation = scope.relations.find((r) => r.alias && same(r.alias, first!));
  if (!relation) return undefined;
  if (rest.length === 0) return wholeRow(relation);
  const column = relation.columns.find((c) => same(c.name, rest[0]!));
  if (!column) throw invalidQuery(`Name ${rest[0]} not found inside ${first}`);
  return fieldsOf(readColumn(column), rest.slice(1));
}

/** The column as a value; from here on it counts as read. */
export function readColumn(column: Column): Compiled {
  column.read?.();
  return { sql: column.sql, type: column.type };
}

function wholeRow(relation: Relation): Compiled {
  const columns = relation.columns.filter((c) => !c.hidden);
  const fields = columns.map((c) => ({ name: c.name, type: c.type }));
  return {
    sql: `{${columns.map((c) => `${ident(c.name)}: ${readColumn(c).sql}`).join(', ')}}`,
    type: { kind: 'STRUCT', fields },
  };
}

function fieldsOf(value: Compiled, path: string[]): Compiled {
  return path.reduce(fieldOf, value);
}

export function fieldOf(value: Compiled, name: string): Compiled {
  const type: FieldType = value.type;
  if (type.kind !== 'STRUCT') throw invalidQuery(`Cannot access field ${name} on a value with type ${type.kind}`);
  const field = type.fields.find((f) => same(f.name, name));
  if (!field) throw invalidQuery(`Field name ${name} does not exist in STRUCT`);
  return { sql: `(${value.sql}).${ident(field.name)}`, type: field.type };
}

export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
