/** What DuckDB's refusal of a query means for the person who wrote it. */
import { AttacheError } from '../errors/attache-error.ts';

/** By DuckDB's own words; the first that fits speaks. */
const hints: readonly (readonly [words: RegExp, hint: string])[] = [
  [/^Catalog Error: (Table|View) with name/, '`da tables` lists what there is to ask; `da sync` brings what is new.'],
  [/^Catalog Error: .*Function with name/, 'Check the spelling; a function of an extension needs that extension.'],
  [/^Binder Error: .*(column|alias)/i, '`da describe TABLE` shows the columns of a table.'],
  [
    /^Parser Error/,
    'Queries are DuckDB’s SQL. Text stands in single quotes, a name that is no plain word in double ones.',
  ],
  [/^Conversion Error|^Out of Range Error/, 'TRY_CAST gives NULL for a value that does not fit.'],
  [/^Out of Memory Error/, 'Ask for fewer columns or rows, or aggregate in steps.'],
  [/^IO Error: (No files found|Cannot open file)/, '`da sync` brings back files that are missing.'],
];

const otherwise = 'The text is DuckDB’s own. `da tables` and `da describe TABLE` show what there is to ask.';

export function queryFault(thrown: unknown, write: boolean): AttacheError {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const message = said.replace(/^Failed to extract statements: /, '');
  return new AttacheError('query_failed', { message, hint: hintFor(message, write), cause: thrown });
}

function hintFor(message: string, write: boolean): string {
  if (!write && /read-only mode/.test(message))
    return 'Queries read only; give --write to change what is yours in the local database.';
  return hints.find(([words]) => words.test(message))?.[1] ?? otherwise;
}
