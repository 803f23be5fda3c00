/** `GET /api/openapi.json`: the document of all the other routes and of itself. */
import { z } from 'zod';
import { openApiDocument } from '../openapi.ts';
import { defineRoute, type Route } from '../route.ts';

export function openApiRoute(others: readonly Route[], version: string): Route {
  let document: Record<string, unknown> | null = null;
  const route = defineRoute({
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This document',
    action: 'read_catalogue',
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.record(z.string(), z.unknown()) } },
    handle: () => {
      document ??= openApiDocument([...others, route], version);
      return document;
    },
  });
  return route;
}
