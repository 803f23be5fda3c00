/** Pages by `startAt` and `maxResults`, as most lists have them. */
import type { Json } from '../model/records.ts';
import type { RestContext, RestRequest } from './rest-context.ts';

export interface PageAsk {
  startAt: number;
  maxResults: number;
}

/** What was asked, after the server's own cap and its bad habits. */
export function readPageAsk(rest: RestContext, request: RestRequest, usual: number, cap: number): PageAsk {
  const number = (name: string, otherwise: number) => {
    const value = Number(request.query.get(name) ?? request.body[name] ?? otherwise);
    return Number.isFinite(value) && value >= 0 ? Math.trunc(value) : otherwise;
  };
  const startAt = rest.behaviour.ignoreStartAt ? 0 : number('startAt', 0);
  return { startAt, maxResults: Math.min(cap, number('maxResults', usual)) };
}

/** The answer of most lists: `values` and `isLast`. */
export function valuesPage<T>(ask: PageAsk, all: readonly T[], draw: (item: T) => unknown): Json {
  const values = all.slice(ask.startAt, ask.startAt + ask.maxResults).map(draw);
  return { ...ask, total: all.length, isLast: ask.startAt + values.length >= all.length, values };
}

/** The answer of older lists: the items under their own name and no `isLast`. */
export function namedPage<T>(name: string, ask: PageAsk, all: readonly T[], draw: (item: T) => unknown): Json {
  return { ...ask, total: all.length, [name]: all.slice(ask.startAt, ask.startAt + ask.maxResults).map(draw) };
}
