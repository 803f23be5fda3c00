/** Reads a list of the server to its end. */
import type { ServerClient } from '../client/server-client.ts';

/** All items under `key`, page by page. */
export async function readPages<Item>(
  client: ServerClient,
  path: string,
  key: string,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const { body } = await client.json<Record<string, unknown>>(`${path}${query}`, { signal });
    items.push(...((body[key] ?? []) as Item[]));
    cursor = (body.next_cursor ?? null) as string | null;
  } while (cursor !== null);
  return items;
}
