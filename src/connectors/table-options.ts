/** The table options every connector shares, and the ranges of rows they lead to. */
import { z } from 'zod';

const whereOperators = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'in', 'not_in', 'is_null', 'is_not_null'] as const;

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** One predicate; several are joined by AND. Values are bound, never spliced. */
const whereClause = z
  .strictObject({
    column: z.string().min(1),
    op: z.enum(whereOperators),
    value: z.union([scalar, z.array(scalar).min(1)]).optional(),
  })
  .superRefine(({ op, value }, context) => {
    const alone = op === 'is_null' || op === 'is_not_null';
    const ordered = ['gt', 'ge', 'lt', 'le'].includes(op);
    if (alone && value !== undefined)
      context.addIssue({ code: 'custom', path: ['value'], message: `${op} takes none` });
    if (!alone && value === undefined)
      context.addIssue({ code: 'custom', path: ['value'], message: `is missing: ${op} compares with a value` });
    if (ordered && Array.isArray(value) && value.length > 1)
      context.addIssue({
        code: 'custom',
        path: ['value'],
        message: `${op} takes one value; several fit in and not_in`,
      });
  });

const granularities = ['day', 'month', 'year', 'hash'] as const;

const longestDurationDays = 36_500;

const durationText = z
  .string({ error: 'expected a duration, e.g. 10m or 7d' })
  .regex(/^\d+\s*(s|m|h|d)$/, { error: 'expected a duration, e.g. 10m or 7d' })
  .refine((text) => !(durationMs(text) > longestDurationDays * 86_400_000), {
    error: `is longer than ${longestDurationDays}d`,
  });

export const tableOptions = z.strictObject({
  columns: z.array(z.string().min(1)).min(1).optional().meta({ description: 'Columns to read.', usually: 'all' }),
  where: z
    .array(whereClause)
    .min(1)
    .optional()
    .describe('Rows to read, `[{column, op, value}]` joined by AND. Values are bound, never spliced.'),
  cursor: z
    .string()
    .min(1)
    .optional()
    .describe(
      'incremental: a column that grows with every insert and update; of files, whose greatest value decides which row of a key wins.',
    ),
  mode: z.enum(['append', 'merge']).optional().meta({
    description: 'incremental: `merge` replaces rows by primary key, `append` only adds.',
    usually: 'merge where there is a key',
  }),
  overlap: z
    .union([durationText, z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)], {
      error: 'expected a duration, e.g. 10m, or for a number a whole number that is not negative',
    })
    .optional()
    .meta({
      description:
        'incremental: how far below the watermark each run reads again; a duration for times, a number for numbers.',
      usually: '10m',
    }),
  full_refresh_every: durationText.optional().meta({
    description: 'incremental, partitioned: everything is read anew after this long.',
    usually: '7d for incremental',
  }),
  detect_deletes: z
    .literal(true)
    .optional()
    .describe('incremental: compare the keys with the source in every run and drop the rows that are gone.'),
  partition_by: z.string().min(1).optional().describe('partitioned: the column whose value decides the partition.'),
  granularity: z
    .enum(granularities)
    .optional()
    .meta({ description: 'partitioned: how much one partition holds.', usually: 'month' }),
  schema_policy: z.enum(['evolve', 'freeze']).optional().meta({
    description:
      'What a change of the source’s columns may do: `evolve` follows it, `freeze` fails the table and keeps its data.',
    usually: 'evolve',
  }),
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

/** Milliseconds of a duration option such as `10m`. */
export function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)\s*(s|m|h|d)$/.exec(text) ?? [];
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's' | 'm' | 'h' | 'd'];
}

/** Partitions of rows whose value is NULL, and of rows whose value is no date. */
export const nullPartition = '__null';
export const unparsablePartition = '__unparsable';
