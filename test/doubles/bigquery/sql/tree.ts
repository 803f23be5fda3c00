/** The syntax tree of the GoogleSQL subset. */
import type { FieldType } from '../model/field-types.ts';

export type Expression =
  | { node: 'literal'; kind: 'STRING' | 'BYTES' | 'INT64' | 'FLOAT64' | 'BOOL' | 'NULL'; text: string }
  | { node: 'typed'; type: FieldType; text: string }
  | { node: 'parameter'; name: string; position: number }
  | { node: 'path'; parts: string[]; at: number }
  | { node: 'star' }
  | { node: 'field'; of: Expression; name: string }
  | { node: 'element'; of: Expression; index: Expression; from: 0 | 1; safe: boolean }
  | { node: 'unary'; op: '-' | '+' | 'NOT'; of: Expression }
  | { node: 'binary'; op: string; left: Expression; right: Expression }
  | { node: 'is'; of: Expression; what: 'NULL' | 'TRUE' | 'FALSE'; negated: boolean }
  | { node: 'between'; of: Expression; low: Expression; high: Expression; negated: boolean }
  | { node: 'in'; of: Expression; items: Expression[] | { array: Expression }; negated: boolean }
  | { node: 'like'; of: Expression; pattern: Expression; negated: boolean }
  | { node: 'case'; of?: Expression; whens: [Expression, Expression][]; otherwise?: Expression }
  | { node: 'cast'; of: Expression; type: FieldType; safe: boolean }
  | { node: 'call'; name: string; args: Expression[]; distinct: boolean; at: number; orderBy: OrderItem[] }
  | { node: 'extract'; part: string; of: Expression }
  | { node: 'interval'; count: Expression; unit: string }
  | { node: 'array'; items: Expression[]; type?: FieldType }
  | { node: 'struct'; items: SelectExpression[]; type?: FieldType }
  | { node: 'subquery'; query: Query; exists: boolean };

export interface SelectExpression {
  expression: Expression;
  alias?: string;
}
interface SelectStar {
  star: string | null;
  except: string[];
  replace: { expression: Expression; alias: string }[];
}
export type SelectItem = SelectExpression | SelectStar;

export interface OrderItem {
  by: Expression;
  descending: boolean;
  nulls?: 'FIRST' | 'LAST';
}

export type Source =
  | { source: 'table'; parts: string[]; alias?: string; asOf?: Expression }
  | { source: 'query'; query: Query; alias?: string }
  | { source: 'unnest'; array: Expression; alias?: string; offset?: string }
  | {
      source: 'join';
      kind: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
      left: Source;
      right: Source;
      on?: Expression;
      using?: string[];
    };

export interface Select {
  distinct: boolean;
  items: SelectItem[];
  from?: Source;
  where?: Expression;
  groupBy: Expression[];
  having?: Expression;
}

export interface Query {
  with: { name: string; query: Query }[];
  /** One, or several joined by UNION ALL. */
  selects: (Select | { nested: Query })[];
  orderBy: OrderItem[];
  limit?: Expression;
  offset?: Expression;
}
