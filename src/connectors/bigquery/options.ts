/** What a table of BigQuery may say about how it is read, beyond what every table may. */
import { z } from 'zod';

export const options = z.strictObject({
  /** One SELECT of GoogleSQL whose result is the table, instead of a table's rows. `@read_time` is the moment at which the run looks at all its tables. */
  sql: z.string().min(1).optional(),
  /** How GEOGRAPHY is kept: as text, or as binary, which needs a query. */
  geography: z.enum(['wkt', 'wkb']).optional(),
  /** Digits behind the point of BIGNUMERIC columns that declare none; found at registration. A column that is not listed is kept as text. */
  bignumeric: z.record(z.string(), z.number().int().min(0).max(38)).optional(),
});

export type Options = z.infer<typeof options>;
