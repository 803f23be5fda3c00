/** Type names of casts and constructors: INT64, NUMERIC(10, 2), ARRAY<…>, STRUCT<…>, RANGE<…>. */
import { type Field, type FieldType, isScalar, scalarKind } from '../model/field-types.ts';
import { invalidQuery } from '../rest/service-error.ts';
import type { TokenReader } from './token-reader.ts';

export function parseType(reader: TokenReader): FieldType {
  const name = reader.name().toUpperCase();
  if (name === 'ARRAY') return bracketed(reader, () => ({ kind: 'ARRAY', item: parseType(reader) }));
  if (name === 'STRUCT') return bracketed(reader, () => ({ kind: 'STRUCT', fields: structFields(reader) }));
  if (name === 'RANGE') {
    return bracketed(reader, () => {
      const item = parseType(reader);
      if (!isScalar(item)) throw invalidQuery('RANGE of a nested type');
      return { kind: 'RANGE', item };
    });
  }
  const kind = scalarKind(
    name === 'DECIMAL' ? 'NUMERIC' : name === 'BIGDECIMAL' ? 'BIGNUMERIC' : name === 'INT' ? 'INT64' : name,
  );
  if (!kind) throw invalidQuery(`Type not found: ${name}`);
  if (!reader.acceptSign('(')) return { kind };
  const precision = Number(reader.next().text);
  const scale = reader.acceptSign(',') ? Number(reader.next().text) : 0;
  reader.expectSign(')');
  return kind === 'NUMERIC' || kind === 'BIGNUMERIC' ? { kind, precision, scale } : { kind };
}

function bracketed(reader: TokenReader, inner: () => FieldType): FieldType {
  reader.expectSign('<');
  const type = inner();
  reader.expectSign('>');
  return type;
}

function structFields(reader: TokenReader): Field[] {
  const fields: Field[] = [];
  do {
    const named = reader.peek(1).kind === 'word' && !reader.isSign('<', 1);
    const name = named ? reader.name() : '';
    fields.push({ name, type: parseType(reader) });
  } while (reader.acceptSign(','));
  return fields;
}
