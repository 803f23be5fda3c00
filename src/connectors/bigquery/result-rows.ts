/** How many rows a finished query has, without one of them. */
import type { FinishedJob } from './query-job.ts';
import type { RestClient } from './rest-client.ts';

export async function rowsOf(
  rest: RestClient,
  { reference }: FinishedJob,
  doing: string,
  signal: AbortSignal,
): Promise<number> {
  const { totalRows } = await rest.call<{ totalRows?: string }>({
    path: ['queries', reference.id],
    query: { location: reference.location ?? undefined, maxResults: 0 },
    doing,
    signal,
  });
  return Number(totalRows);
}
