/** The table options every connector shares, and the ranges of rows they lead to. */
import { z } from 'zod';

export const whereOperators = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'in', 'not_in', 'is_null', 'is_not_null'] as const;

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** One predicate; several are joined by AND. Values are bound, never spliced. */
export const whereClause = z.strictObject({
  column: z.string().min(1),
  op: z.enum(whereOperators),
  value: z.union([scalar, z.array(scalar).min(1)]).optional(),
});

export const tableOptions = z.strictObject({
  columns: z.array(z.string().min(1)).min(1).optional(),
  where: z.array(whereClause).min(1).optional(),
});

export type TableOptions = z.infer<typeof tableOptions>;

export type WhereClause = z.infer<typeof whereClause>;

/** Which rows of a table a read is about. Bounds are exact text as the source wrote it. */
export type ReadRange =
  | { kind: 'all' }
  /** Rows whose cursor is at or above `from`; rows with a NULL cursor are never in. */
  | { kind: 'cursor'; column: string; from: string | null }
  /** What the source itself says has changed since `from`. */
  | { kind: 'changes'; from: string }
  /** Rows of the named partitions. */
  | { kind: 'partitions'; column: string; granularity: 'day' | 'month' | 'year'; values: string[] };
