/** Columns as BigQuery declares them, in one spelling. */
import { AttacheError } from '../../errors/attache-error.ts';

const kinds = [
  'STRING',
  'BYTES',
  'INT64',
  'FLOAT64',
  'BOOL',
  'NUMERIC',
  'BIGNUMERIC',
  'DATE',
  'DATETIME',
  'TIME',
  'TIMESTAMP',
  'JSON',
  'GEOGRAPHY',
  'INTERVAL',
  'STRUCT',
  'RANGE',
] as const;

export type Kind = (typeof kinds)[number];

export interface Field {
  name: string;
  kind: Kind;
  /** An ARRAY of `kind`. */
  repeated: boolean;
  nullable: boolean;
  /** Declared digits; null where none are. */
  precision: number | null;
  scale: number | null;
  /** Of a STRUCT. */
  fields: Field[];
  /** Of a RANGE: DATE, DATETIME or TIMESTAMP. */
  element: Kind | null;
}

/** A field as REST spells it. */
export interface RestField {
  name: string;
  type: string;
  mode?: string;
  precision?: string;
  scale?: string;
  fields?: RestField[];
  rangeElementType?: { type: string };
}

const spellings: Record<string, Kind> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
};

export function readFields(fields: readonly RestField[] | undefined): Field[] {
  return (fields ?? []).map(readField);
}

function readField(field: RestField): Field {
  return {
    name: field.name,
    kind: kindOf(field.type, field.name),
    repeated: field.mode === 'REPEATED',
    nullable: field.mode !== 'REQUIRED',
    precision: field.precision === undefined ? null : Number(field.precision),
    scale: field.scale === undefined ? null : Number(field.scale),
    fields: readFields(field.fields),
    element: field.rangeElementType === undefined ? null : kindOf(field.rangeElementType.type, field.name),
  };
}

function kindOf(type: string, name: string): Kind {
  const kind = spellings[type.toUpperCase()] ?? (type.toUpperCase() as Kind);
  if (kinds.includes(kind)) return kind;
  throw new AttacheError('unsupported', {
    message: `The column ${name} has the type ${type}, which is not known here.`,
    hint: 'List the other columns in options.columns, or cast it in options.sql.',
  });
}

/** The type as BigQuery writes it, e.g. `ARRAY<STRUCT<a INT64, b STRING>>`. */
export function typeName(field: Field): string {
  const one = scalarName(field);
  return field.repeated ? `ARRAY<${one}>` : one;
}

function scalarName({ kind, precision, scale, fields, element }: Field): string {
  if (kind === 'STRUCT') return `STRUCT<${fields.map((field) => `${field.name} ${typeName(field)}`).join(', ')}>`;
  if (kind === 'RANGE') return `RANGE<${element}>`;
  if (precision === null) return kind;
  return scale === null ? `${kind}(${precision})` : `${kind}(${precision}, ${scale})`;
}

/** Arrow counts the time of an interval in 64 bits of nanoseconds, 292 years; BigQuery allows ten thousand. Only text holds them all. */
export function holdsInterval({ kind, fields }: Field): boolean {
  return kind === 'INTERVAL' || fields.some(holdsInterval);
}
