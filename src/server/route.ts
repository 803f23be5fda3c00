/** What a route is: one record that validates, is documented, is guarded and answers. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Action, Principal } from './access.ts';

/** One way a route answers. */
export interface Answer {
  description: string;
  /** What a JSON answer holds; anything else is dropped before it is sent. Absent for files, streams and empty answers. */
  schema?: z.ZodType;
  /** Media type of an answer that is not JSON. */
  media?: string;
}

/** A request as the route sees it: validated, and made by someone known. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  params: Params;
  query: Query;
  body: Body;
  /** Who asks; null only where anyone may. */
  principal: Principal | null;
  request: FastifyRequest;
  reply: FastifyReply;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of routes holds calls of many shapes; each record checks its own.
export interface Route<Params = any, Query = any, Body = any> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As in OpenAPI: `/api/jobs/{id}`. */
  path: string;
  summary: string;
  /** What the caller must be allowed to do; null lets anyone in. */
  action: Action | null;
  /** The path parameter that names a table, so that access is decided for that table. */
  table?: keyof Params & string;
  params?: z.ZodType<Params>;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  /** The body is bytes of any content type, at most so many; the handler gets them as a Buffer. */
  rawBody?: (params: Params) => number;
  /** `handler`: the handler validates the body itself, because it reports more than its schema can know. */
  bodyChecked?: 'handler';
  /** Answers by status; problems need not be listed. */
  answers: Record<number, Answer>;
  handle(call: Call<Params, Query, Body>): unknown;
}

/** Typed identity, so that the schemas flow into `handle`. */
export function defineRoute<Params, Query, Body>(route: Route<Params, Query, Body>): Route {
  return route;
}
