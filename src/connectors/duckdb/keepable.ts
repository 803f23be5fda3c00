/** How a column is published so that Parquet keeps every value of it. Pure. */
import type { ColumnPlan } from '../read-way.ts';
import { keepableType } from './keepable-type.ts';

type Kept = Pick<ColumnPlan, 'type' | 'expression' | 'lossy' | 'wider'>;

/** Null when the column can stay as it is. A wide integer is a decimal until a value has more than 38 digits. */
export function keepable(type: string): Kept | null {
  const kept = keepableType(type);
  if (kept === type) return null;
  const column = { type: kept, expression: cast(kept) };
  const text = keepableType(type, 'VARCHAR');
  if (text === kept) return column;
  // A value that does not fit is NULL after the attempt, also one inside a list, a struct or a map.
  const lossy = `CAST(TRY_CAST($ AS ${kept}) AS VARCHAR) IS DISTINCT FROM CAST(${cast(text)} AS VARCHAR)`;
  return { ...column, lossy, wider: { type: text, expression: cast(text) } };
}

const cast = (type: string) => `CAST($ AS ${type})`;
