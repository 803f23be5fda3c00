/** All rows of a result that is known to be small: at most ten thousand partitions. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { JobReference } from './ledger.ts';
import type { RestClient } from './rest-client.ts';

interface Page {
  rows?: { f: { v: string | null }[] }[];
  totalRows?: string | number | null;
  pageToken?: string | null;
}

/** Cells as text. Throws where fewer or more rows come than the result says it has: a partition that is missing here would be removed. */
export async function smallResult(rest: RestClient, job: JobReference, doing: string): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  const seen = new Set<string>();
  for (let pageToken: string | undefined; ; ) {
    const page: Page = await rest.call({
      path: ['queries', job.id],
      query: { location: job.location ?? undefined, maxResults: 10_000, pageToken },
      doing,
    });
    rows.push(...(page.rows ?? []).map((row) => row.f.map((cell) => cell.v)));
    pageToken = page.pageToken || undefined;
    if (pageToken !== undefined && !seen.has(pageToken)) {
      seen.add(pageToken);
      continue;
    }
    if (rows.length !== Number(page.totalRows ?? Number.NaN)) throw otherCount(doing, rows.length, page.totalRows);
    return rows;
  }
}

function otherCount(doing: string, came: number, said: Page['totalRows']): AttacheError {
  return new AttacheError('source_failed', {
    message: `BigQuery: ${doing} failed: ${came} rows came of ${said ?? 'a number it does not tell'}.`,
    hint: 'The table keeps its data. Sync it again.',
    retryable: true,
  });
}
