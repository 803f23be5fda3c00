import { fileList } from '../../duckdb/read-files.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { PieceWay, Pipe } from '../read-way.ts';
import { fromRest, wireName } from './duck-types.ts';
import type { Field } from './fields.ts';
import type { JobReference } from './ledger.ts';
import { type Page, pageFields, readPage } from './read-page.ts';
import type { RestClient } from './rest-client.ts';

const pageRows = 50_000;
const largestRow = 32 << 20;

/** The relation that reads the pages from a pipe: cells by position, cast to their types. */
export function pagesRelation(path: string, fields: readonly Field[]): string {
  const cells = fields.map((field, index) => `${fromRest(field, `f[${index + 1}].v`)} AS ${wireName(index)}`);
  return `(SELECT ${cells.join(', ')} FROM read_json(${fileList(path)}, auto_detect = false, format = 'array', records = 'true', compression = 'uncompressed', maximum_object_size = ${largestRow}, columns = {f: 'STRUCT(v VARCHAR)[]'}))`;
}

/** Writes all rows of a finished query as one JSON array; the next page is on its way while one is written. */
export async function feedPages(
  rest: RestClient,
  job: JobReference,
  pipe: Pipe,
  { progress, signal }: Pick<PieceWay, 'progress' | 'signal'>,
  doing: string,
): Promise<{ rows: number }> {
  const page = (pageToken: string | undefined) =>
    rest.call<Page>({
      path: ['queries', job.id],
      query: {
        location: job.location ?? undefined,
        maxResults: pageRows,
        pageToken,
        fields: pageFields.join(','),
        'formatOptions.useInt64Timestamp': true,
      },
      read: readPage,
      doing,
      signal,
    });
  const seen = new Set<string>();
  let first = true;
  let next: Promise<Page> | null = page(undefined);
  let totalRows = 0;
  while (next !== null) {
    const { rows, pageToken, totalRows: total }: Page = await next;
    totalRows = Number(total ?? totalRows);
    if (pageToken !== undefined && seen.has(pageToken)) throw goesInCircles(doing);
    if (pageToken !== undefined) seen.add(pageToken);
    next = pageToken === undefined ? null : page(pageToken);
    // A failure is met at the next turn; until then nobody listens.
    next?.catch(() => {});
    if (rows.length === 0) continue;
    await pipe.write(Buffer.from(first ? '[' : ','));
    await pipe.write(rows);
    progress(rows.length);
    first = false;
  }
  await pipe.write(Buffer.from(first ? '[]' : ']'));
  await pipe.end();
  return { rows: totalRows };
}

function goesInCircles(doing: string): AttacheError {
  return new AttacheError('source_failed', {
    message: `BigQuery: ${doing} failed: a page points to one that was read already.`,
    hint: 'The table keeps its data. Sync it again.',
    retryable: true,
  });
}
