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
  delimiter: oneCharacter.optional(),
  quote: oneOrNone.optional(),
  escape: oneOrNone.optional(),
  encoding: z.string().min(1).optional(),
  header: z.boolean().optional(),
  /** Lines before the header. */
  skip: z.number().int().min(0).max(10_000).optional(),
  /** Lines that begin with it are not data. */
  comment: oneCharacter.nullable().optional(),
  decimal: z.enum(['.', ',']).optional(),
  /** As in DuckDB's `strptime`, e.g. `%d.%m.%Y`. */
  date_format: z.string().includes('%').nullable().optional(),
  null_values: z.array(z.string()).optional(),
  types: z.record(z.string(), z.string().min(1)).optional(),
  max_reject_rows: z.number().int().min(0).optional(),
  max_reject_ratio: z.number().min(0).max(1).optional(),
  pad_short_rows: z.boolean().optional(),
  on_bad_file: z.enum(['fail', 'skip']).optional(),
  schema_policy: z.enum(['evolve', 'freeze']).optional(),
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
