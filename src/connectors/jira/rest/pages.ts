/** Lists that come in pages. Whether a list was read to its end is a fact of its own: a short walk proves nothing about what it did not show. */
import { asList, idAt, type JsonObject, numberAt } from '../json.ts';
import type { Answer } from './client.ts';

export interface Walk {
  items: unknown[];
  complete: boolean;
  /** When the first page was answered. */
  at: number;
}

const mostPages = 10_000;
const attempts = 3;

/** Reads a list by `startAt`, joined by id. Something that moved meanwhile makes it start again, and at last incomplete. */
export async function walkPages(
  read: (startAt: number) => Promise<Answer>,
  itemsOf: (page: JsonObject) => readonly unknown[],
): Promise<Walk> {
  let walk = await walkOnce(read, itemsOf);
  for (let attempt = 1; !walk.complete && attempt < attempts; attempt += 1) walk = await walkOnce(read, itemsOf);
  return walk;
}

async function walkOnce(
  read: (startAt: number) => Promise<Answer>,
  itemsOf: (page: JsonObject) => readonly unknown[],
): Promise<Walk> {
  const found = new Map<string, unknown>();
  let at = Number.POSITIVE_INFINITY;
  let total: number | null = null;
  let startAt = 0;
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await read(startAt);
    at = Math.min(at, answer.at);
    const items = itemsOf(answer.value);
    const told = numberAt(answer.value, 'total');
    const before = found.size;
    for (const item of items) found.set(idAt(item) ?? JSON.stringify(item), item);
    const moved = total !== null && told !== total;
    total = told;
    startAt += items.length;
    const isEnd = answer.value.isLast === true || items.length === 0 || (total !== null && startAt >= total);
    // A site that ignores startAt shows the same page for ever.
    const stuck = items.length > 0 && found.size === before;
    if (isEnd || stuck || moved) {
      const complete =
        isEnd && !moved && !stuck && (total === null ? answer.value.isLast === true : found.size === total);
      return { items: [...found.values()], complete, at };
    }
  }
  return { items: [...found.values()], complete: false, at };
}

/** A page embedded in an issue: complete only when it holds as many as it says there are. */
export function embeddedPage(page: unknown, name: string): { items: readonly unknown[]; complete: boolean } {
  const object = page as JsonObject | null | undefined;
  const items = asList(object?.[name]);
  return { items, complete: object !== null && object !== undefined && numberAt(object, 'total') === items.length };
}
