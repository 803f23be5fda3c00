/** The settings of a folder of files, and what a table may say about how its files are read. */
import { z } from 'zod';
import { filePath } from '../file-path.ts';

export const settings = z.strictObject({
  path: filePath('The folder that holds the files, e.g. ./inbox. Nothing in it is ever changed.'),
});

export type Settings = z.infer<typeof settings>;

const oneCharacter = z.string().regex(/^[\t\x20-\x7e]$/, 'one ASCII character');
const oneOrNone = z.union([z.literal(''), oneCharacter]);

export const options = z.strictObject({
  delimiter: oneCharacter.optional().describe('Between two cells; found at registration.'),
  quote: oneOrNone.optional().meta({ description: 'Around a cell; empty text for none.', usually: '"' }),
  escape: oneOrNone
    .optional()
    .meta({ description: 'Before a quote inside a quoted cell; empty text for none.', usually: 'the quote' }),
  encoding: z.string().min(1).optional().describe('e.g. utf-8, utf-16le, latin1, windows-1250; found at registration.'),
  header: z.boolean().optional().meta({ description: 'Whether the first line names the columns.', usually: 'true' }),
  skip: z.number().int().min(0).max(10_000).optional().meta({ description: 'Lines before the header.', usually: '0' }),
  comment: oneCharacter.nullable().optional().meta({ description: 'Lines that begin with it are not data.' }),
  decimal: z.enum(['.', ',']).optional().meta({ description: 'The decimal mark of numbers.', usually: '.' }),
  date_format: z
    .string()
    .includes('%')
    .nullable()
    .optional()
    .meta({ description: 'As in DuckDB’s `strptime`, e.g. `%d.%m.%Y`.', usually: 'ISO 8601' }),
  null_values: z
    .array(z.string())
    .optional()
    .describe('Texts that mean NULL, e.g. `["NA"]`; an empty cell without quotes always does.'),
  types: z
    .record(z.string(), z.string().min(1))
    .optional()
    .describe(
      'Types by column, e.g. `{"price": "DECIMAL(12,2)"}`; what is not named is found at registration, by values from all over the file: up to 8 MB of up to 50 files are looked at. A later value that does not fit is a reject.',
    ),
  max_reject_rows: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('How many rows a load may reject before the table fails and keeps its data.'),
  max_reject_ratio: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: 'The same as a share of all rows.', usually: '0.001' }),
  pad_short_rows: z
    .boolean()
    .optional()
    .meta({ description: 'true: a row with too few cells gets NULLs; else it is rejected.', usually: 'false' }),
  on_bad_file: z
    .enum(['fail', 'skip'])
    .optional()
    .meta({ description: 'skip: a file that cannot be read keeps its last good rows.', usually: 'fail' }),
  schema_policy: z
    .enum(['evolve', 'freeze'])
    .optional()
    .meta({ description: 'freeze: other columns fail the table, which keeps its data.', usually: 'evolve' }),
});

export type Options = z.infer<typeof options>;

/** How the files of a table are read, with nothing left to guess. JSON, because it may be remembered between runs. */
export interface Contract {
  delimiter: string;
  quote: string;
  escape: string;
  encoding: string;
  header: boolean;
  skip: number;
  comment: string | null;
  decimal: '.' | ',';
  date_format: string | null;
  null_values: string[];
  types: Record<string, string>;
  pad_short_rows: boolean;
}

/** The contract in `given`, or null when it leaves something to be found. */
export function contractOf(given: Options): Contract | null {
  const { delimiter, encoding, types } = given;
  if (delimiter === undefined || encoding === undefined || types === undefined) return null;
  return { ...contractDefaults(given), delimiter, encoding, types };
}

/** Every value of a contract that has a default. */
export function contractDefaults(given: Options): Omit<Contract, 'delimiter' | 'encoding' | 'types'> {
  return {
    quote: given.quote ?? '"',
    escape: given.escape ?? given.quote ?? '"',
    header: given.header ?? true,
    skip: given.skip ?? 0,
    comment: given.comment ?? null,
    decimal: given.decimal ?? '.',
    date_format: given.date_format ?? null,
    null_values: given.null_values ?? [],
    pad_short_rows: given.pad_short_rows ?? false,
  };
}
