/** Query parameters of a request as typed values. */
import { type FieldType, isScalar, scalarKind } from '../model/field-types.ts';
import { type CellValue, literal } from '../model/sql-literals.ts';
import { invalidQuery } from '../rest/service-error.ts';
import type { Parameter } from './compiled.ts';

interface RestParameterType {
  type: string;
  arrayType?: RestParameterType;
  structTypes?: { name: string; type: RestParameterType }[];
  rangeElementType?: RestParameterType;
}
interface RestParameterValue {
  value?: string | null;
  arrayValues?: RestParameterValue[];
  structValues?: Record<string, RestParameterValue>;
  rangeValue?: { start?: RestParameterValue; end?: RestParameterValue };
}
export interface RestParameter {
  name?: string;
  parameterType: RestParameterType;
  parameterValue: RestParameterValue;
}

export function readParameters(parameters: RestParameter[] = []): Parameter[] {
  return parameters.map(({ name, parameterType, parameterValue }) => {
    const type = readType(parameterType);
    const sql = literal(readValue(parameterValue ?? {}, type), type);
    return { ...(name ? { name } : {}), value: { sql, type, adapts: type.kind === 'STRING' || type.kind === 'INT64' } };
  });
}

function readType(type: RestParameterType): FieldType {
  if (type.type === 'ARRAY' && type.arrayType) return { kind: 'ARRAY', item: readType(type.arrayType) };
  if (type.type === 'STRUCT')
    return { kind: 'STRUCT', fields: (type.structTypes ?? []).map((f) => ({ name: f.name, type: readType(f.type) })) };
  if (type.type === 'RANGE' && type.rangeElementType) {
    const item = readType(type.rangeElementType);
    if (isScalar(item)) return { kind: 'RANGE', item };
  }
  const kind = scalarKind(type.type);
  if (!kind) throw invalidQuery(`Invalid query parameter type ${type.type}`);
  return { kind };
}

function readValue(value: RestParameterValue, type: FieldType): CellValue {
  if (type.kind === 'ARRAY') return (value.arrayValues ?? []).map((v) => readValue(v, type.item));
  if (type.kind === 'STRUCT')
    return Object.fromEntries(type.fields.map((f) => [f.name, readValue(value.structValues?.[f.name] ?? {}, f.type)]));
  if (type.kind === 'RANGE')
    return {
      start: readValue(value.rangeValue?.start ?? {}, type.item),
      end: readValue(value.rangeValue?.end ?? {}, type.item),
    };
  return value.value ?? null;
}
