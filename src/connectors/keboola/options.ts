/** Table options of a Keboola source beyond the shared ones. */
import { z } from 'zod';
import type { TableRequest } from '../table-request.ts';
import { readPaths } from './settings.ts';

export const options = z.strictObject({
  path: z.enum(readPaths).optional().describe('Overrides the path of the source for this table.'),
  strict_counts: z
    .boolean()
    .optional()
    .describe(
      'false: publishes also when the number of rows differs from what the table’s detail says, and reports it.',
    ),
});

export type Options = z.infer<typeof options>;

export function optionsOf(table: TableRequest): Options {
  const { path, strict_counts } = table.options as Options;
  return { path, strict_counts };
}
