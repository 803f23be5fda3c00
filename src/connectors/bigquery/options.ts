/** What a table of BigQuery may say about how it is read, beyond what every table may. */
import { z } from 'zod';

export const options = z.strictObject({
  sql: z
    .string()
    .min(1)
    .optional()
    .describe(
      'One SELECT of GoogleSQL whose result is the table, instead of a table’s rows. `@read_time` is the moment at which the run looks at all its tables.',
    ),
  geography: z
    .enum(['wkt', 'wkb'])
    .optional()
    .meta({ description: 'How GEOGRAPHY is kept: as text, or as binary, which needs a query.', usually: 'wkt' }),
  bignumeric: z
    .record(z.string(), z.number().int().min(0).max(38))
    .optional()
    .describe(
      'Digits behind the point of BIGNUMERIC columns that declare none; found at registration. A column that is not listed is kept as text.',
    ),
});

export type Options = z.infer<typeof options>;
