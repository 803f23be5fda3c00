/** The types of GoogleSQL as the double carries them, and their spelling in REST schemas. */

export type ScalarKind =
  | 'INT64'
  | 'FLOAT64'
  | 'NUMERIC'
  | 'BIGNUMERIC'
  | 'BOOL'
  | 'STRING'
  | 'BYTES'
  | 'DATE'
  | 'DATETIME'
  | 'TIME'
  | 'TIMESTAMP'
  | 'JSON'
  | 'GEOGRAPHY'
  | 'INTERVAL';

export interface ScalarType {
  kind: ScalarKind;
  precision?: number;
  scale?: number;
}
interface ArrayType {
  kind: 'ARRAY';
  item: FieldType;
}
interface StructType {
  kind: 'STRUCT';
  fields: Field[];
}
interface RangeType {
  kind: 'RANGE';
  item: ScalarType;
}
export type FieldType = ScalarType | ArrayType | StructType | RangeType;

export interface Field {
  name: string;
  type: FieldType;
  required?: boolean;
  description?: string;
}

/** A field as the REST API writes it. */
export interface RestField {
  name: string;
  type: string;
  mode?: string;
  fields?: RestField[];
  precision?: string;
  scale?: string;
  rangeElementType?: { type: string };
  description?: string;
}

const fromRest: Record<string, ScalarKind> = {
  INTEGER: 'INT64',
  INT64: 'INT64',
  FLOAT: 'FLOAT64',
  FLOAT64: 'FLOAT64',
  BOOLEAN: 'BOOL',
  BOOL: 'BOOL',
  NUMERIC: 'NUMERIC',
  BIGNUMERIC: 'BIGNUMERIC',
  STRING: 'STRING',
  BYTES: 'BYTES',
  DATE: 'DATE',
  DATETIME: 'DATETIME',
  TIME: 'TIME',
  TIMESTAMP: 'TIMESTAMP',
  JSON: 'JSON',
  GEOGRAPHY: 'GEOGRAPHY',
  INTERVAL: 'INTERVAL',
};

/** REST answers keep the old names of four types. */
const restNames: Partial<Record<string, string>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
};

/** The kind behind a type name of REST or SQL; undefined when there is no such scalar type. */
export function scalarKind(name: string): ScalarKind | undefined {
  return fromRest[name.toUpperCase()];
}

/** Reads one REST schema field. */
export function readField(field: RestField): Field {
  const bare = readBareType(field);
  return {
    name: field.name,
    type: field.mode === 'REPEATED' ? { kind: 'ARRAY', item: bare } : bare,
    ...(field.mode === 'REQUIRED' ? { required: true } : {}),
    ...(field.description ? { description: field.description } : {}),
  };
}

function readBareType(field: RestField): FieldType {
  const name = field.type.toUpperCase();
  if (name === 'RECORD' || name === 'STRUCT') return { kind: 'STRUCT', fields: (field.fields ?? []).map(readField) };
  if (name === 'RANGE')
    return { kind: 'RANGE', item: { kind: fromRest[field.rangeElementType?.type ?? 'DATE'] ?? 'DATE' } };
  const kind = fromRest[name];
  if (!kind) throw new Error(`no such field type: ${field.type}`);
  return {
    kind,
    ...(field.precision ? { precision: Number(field.precision), scale: Number(field.scale ?? 0) } : {}),
  };
}

/** Writes a field the way tables.get and query results do. */
export function writeField(field: Field): RestField {
  const repeated = field.type.kind === 'ARRAY';
  const type = field.type.kind === 'ARRAY' ? field.type.item : field.type;
  return {
    name: field.name,
    type: restNames[type.kind] ?? type.kind,
    mode: repeated ? 'REPEATED' : field.required ? 'REQUIRED' : 'NULLABLE',
    ...(type.kind === 'STRUCT' ? { fields: type.fields.map(writeField) } : {}),
    ...(type.kind === 'RANGE' ? { rangeElementType: { type: type.item.kind } } : {}),
    ...('precision' in type && type.precision !== undefined
      ? { precision: String(type.precision), scale: String(type.scale ?? 0) }
      : {}),
    ...(field.description ? { description: field.description } : {}),
  };
}

/** The type as error messages and casts spell it. */
export function typeName(type: FieldType): string {
  if (type.kind === 'ARRAY') return `ARRAY<${typeName(type.item)}>`;
  if (type.kind === 'RANGE') return `RANGE<${typeName(type.item)}>`;
  if (type.kind === 'STRUCT') return `STRUCT<${type.fields.map((f) => `${f.name} ${typeName(f.type)}`).join(', ')}>`;
  return type.kind;
}

export function isScalar(type: FieldType): type is ScalarType {
  return type.kind !== 'ARRAY' && type.kind !== 'STRUCT' && type.kind !== 'RANGE';
}
