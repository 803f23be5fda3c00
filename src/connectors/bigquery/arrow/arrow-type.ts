/** The types of Arrow that BigQuery sends, as a schema message declares them. Source: Schema.fbs of apache/arrow. Pure. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { FlatTable } from './flat-table.ts';
import { readMessage } from './message.ts';

export type ArrowType =
  | { kind: 'int64' | 'double' | 'bool' | 'text' | 'bytes' | 'date' | 'time' }
  /** Microseconds; `utc`: an instant, not a wall clock. */
  | { kind: 'timestamp'; utc: boolean }
  | { kind: 'decimal'; bits: number; precision: number; scale: number }
  | { kind: 'list'; element: ArrowField }
  | { kind: 'struct'; fields: ArrowField[] };

export interface ArrowField {
  name: string;
  type: ArrowType;
}

const schemaKind = 1;
const schemaFields = { fields: 1 } as const;
const fieldFields = { name: 0, typeKind: 2, type: 3, children: 5 } as const;
const microseconds = 2;

/** The columns of a schema message; throws for a type that is not known here. */
export function readSchema(message: Uint8Array): ArrowField[] {
  return readMessage(message, schemaKind, (schema) => schema.tables(schemaFields.fields).map(readField));
}

function readField(field: FlatTable): ArrowField {
  const name = field.text(fieldFields.name) ?? '';
  return { name, type: readType(field, name) };
}

/** By the number of the type in Arrow’s union. */
function readType(field: FlatTable, name: string): ArrowType {
  const kind = field.byte(fieldFields.typeKind, 0);
  const type = field.table(fieldFields.type);
  const children = () => field.tables(fieldFields.children).map(readField);
  const refuse = () => unknown(name, kind);
  if (type === null) throw refuse();
  const only = (isSo: boolean, known: ArrowType): ArrowType => {
    if (!isSo) throw refuse();
    return known;
  };
  switch (kind) {
    case 2:
      return only(type.int(0, 0) === 64 && type.byte(1, 0) === 1, { kind: 'int64' });
    case 3:
      return only(type.short(0, 0) === 2, { kind: 'double' });
    case 4:
      return { kind: 'bytes' };
    case 5:
      return { kind: 'text' };
    case 6:
      return { kind: 'bool' };
    case 7: {
      const bits = type.int(2, 128);
      return only(bits === 128 || bits === 256, {
        kind: 'decimal',
        bits,
        precision: type.int(0, 0),
        scale: type.int(1, 0),
      });
    }
    case 8:
      return only(type.short(0, 1) === 0, { kind: 'date' });
    case 9:
      return only(type.short(0, 1) === microseconds && type.int(1, 32) === 64, { kind: 'time' });
    case 10:
      return only(type.short(0, 0) === microseconds, { kind: 'timestamp', utc: type.text(1) !== null });
    case 12: {
      const [element] = children();
      if (element === undefined) throw refuse();
      return { kind: 'list', element };
    }
    case 13:
      return { kind: 'struct', fields: children() };
    default:
      throw refuse();
  }
}

function unknown(name: string, kind: number): AttacheError {
  return new AttacheError('unsupported', {
    message: `BigQuery sent the column ${name} in a type of Arrow that is not known here (number ${kind} of Schema.fbs).`,
    hint: 'Set storage_read: never for the source, or list the other columns in options.columns.',
  });
}
