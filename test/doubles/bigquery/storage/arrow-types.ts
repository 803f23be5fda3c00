/** BigQuery's Arrow types, as the Storage Read API documents them. */
import {
  Field as ArrowField,
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Float64,
  Int64,
  IntervalMonthDayNano,
  List,
  Schema,
  Struct,
  TimeMicrosecond,
  Timestamp,
  TimeUnit,
  Utf8,
} from 'apache-arrow';
import type { Field, FieldType } from '../model/field-types.ts';

export function arrowSchema(fields: Field[]): Schema {
  return new Schema(fields.map((f) => new ArrowField(f.name, arrowType(f.type), true, extensionOf(f.type))));
}

export function arrowType(type: FieldType): DataType {
  switch (type.kind) {
    case 'INT64':
      return new Int64();
    case 'FLOAT64':
      return new Float64();
    case 'BOOL':
      return new Bool();
    case 'NUMERIC':
      return new Decimal(type.precision === undefined ? 9 : (type.scale ?? 0), type.precision ?? 38, 128);
    case 'BIGNUMERIC':
      return new Decimal(bigScale(type), type.precision ?? 76, 256);
    case 'STRING':
    case 'JSON':
    case 'GEOGRAPHY':
      return new Utf8();
    case 'BYTES':
      return new Binary();
    case 'DATE':
      return new DateDay();
    case 'DATETIME':
      return new Timestamp(TimeUnit.MICROSECOND, null);
    case 'TIMESTAMP':
      return new Timestamp(TimeUnit.MICROSECOND, 'UTC');
    case 'TIME':
      return new TimeMicrosecond();
    case 'INTERVAL':
      return new IntervalMonthDayNano();
    case 'ARRAY':
      return new List(new ArrowField('item', arrowType(type.item), true, extensionOf(type.item)));
    case 'STRUCT':
      return new Struct(type.fields.map((f) => new ArrowField(f.name, arrowType(f.type), true, extensionOf(f.type))));
    case 'RANGE':
      return new Struct(['start', 'end'].map((side) => new ArrowField(side, arrowType(type.item), true)));
  }
}

export function bigScale(type: { precision?: number; scale?: number }): number {
  return type.precision === undefined ? 38 : (type.scale ?? 0);
}

/** Types that Arrow has no name for carry BigQuery's in the field's metadata. */
function extensionOf(type: FieldType): Map<string, string> {
  const names: Partial<Record<FieldType['kind'], string>> = {
    JSON: 'google:sqlType:json',
    GEOGRAPHY: 'google:sqlType:geography',
    DATETIME: 'google:sqlType:datetime',
  };
  const name = names[type.kind];
  if (!name) return new Map();
  const encoding: [string, string][] =
    type.kind === 'GEOGRAPHY' ? [['ARROW:extension:metadata', '{"encoding": "WKT"}']] : [];
  return new Map([['ARROW:extension:name', name], ...encoding]);
}
